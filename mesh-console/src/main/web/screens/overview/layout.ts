// Where nodes stand on the map. This node is the middle, because only its own round trips are known; who is nearer in
// time stands nearer. Deterministic: the same nodes stand in the same places on every page, and a changed round trip
// moves a node only when it passes a limit that a person would care about.

import type { MeshNode } from '../../feed/entities'

export interface Spot {
  x: number
  y: number
}

export interface Layout {
  spots: Map<string, Spot>
  radius: number
  middle: Spot
}

/** Of one house, of one city, of one continent, of the planet. */
const LIMITS_MILLIS = [2, 20, 80]
const UNKNOWN_CLASS = LIMITS_MILLIS.length + 1
/** Up to here all stand on one round and have room for words. */
const WORDS_MAX = 14
const RADIUS_MAX = 26
const RADIUS_MIN = 6

export function hasWords(nodes: number): boolean {
  return nodes - 1 <= WORDS_MAX
}

export function isNarrow(width: number): boolean {
  return width < 560
}

export function layout(nodes: MeshNode[], width: number, height: number): Layout {
  const spots = new Map<string, Spot>()
  const middle = { x: width / 2, y: height / 2 }
  const others = nodes.filter(node => node.state !== 'self').sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const node of nodes) if (node.state === 'self') spots.set(node.id, middle)
  if (others.length <= WORDS_MAX) {
    // The words below a node need height, those beside it width.
    const [rx, ry] = [width / 2 - (isNarrow(width) ? 56 : 76), height / 2 - 66]
    others.forEach((node, at) => {
      // Nobody stands straight in the direction in which the frame has the least room.
      const turn = (others.length % 4 ? 0 : Math.PI / others.length) + (height > width ? -Math.PI / 2 : 0)
      const angle = (2 * Math.PI * at) / others.length + turn
      const far = 0.78 + (0.22 * distanceClass(node)) / UNKNOWN_CLASS
      spots.set(node.id, { x: middle.x + far * rx * Math.cos(angle), y: middle.y + far * ry * Math.sin(angle) })
    })
    return { spots, radius: isNarrow(width) ? RADIUS_MAX * 0.8 : RADIUS_MAX, middle }
  }
  others.sort((a, b) => distanceClass(a) - distanceClass(b))
  const rounds = roundsFor(others.length, width / 2 - 24, height / 2 - 24)
  let placed = 0
  for (const round of rounds.of) {
    const here = Math.min(round.room, others.length - placed)
    for (const angle of evenAngles(round.rx, round.ry, here, round.turn))
      spots.set(others[placed++]!.id, {
        x: middle.x + round.rx * Math.cos(angle),
        y: middle.y + round.ry * Math.sin(angle),
      })
  }
  return { spots, middle, radius: Math.max(RADIUS_MIN, Math.min(RADIUS_MAX, rounds.spacing * 0.32)) }
}

export function distanceClass(node: MeshNode): number {
  if (node.rttMillis === undefined) return UNKNOWN_CLASS
  const found = LIMITS_MILLIS.findIndex(limit => node.rttMillis! < limit)
  return found < 0 ? LIMITS_MILLIS.length : found
}

interface Round {
  rx: number
  ry: number
  room: number
  turn: number
}

/** The widest spacing with which all find room. */
function roundsFor(count: number, rx: number, ry: number): { of: Round[]; spacing: number } {
  for (let spacing = 96; ; spacing *= 0.94) {
    const rounds = Math.max(1, Math.floor(Math.min(rx, ry) / spacing))
    const of: Round[] = []
    let room = 0
    for (let at = 1; at <= rounds; at++) {
      // The middle keeps room for this node.
      const part = (at + 0.4) / (rounds + 0.4)
      const round = { rx: rx * part, ry: ry * part, turn: at * 0.7 }
      const around = Math.PI * (round.rx + round.ry)
      of.push({ ...round, room: Math.floor(around / spacing) })
      room += Math.floor(around / spacing)
    }
    if (room >= count || spacing < 8) return { of: evened(of, count, room), spacing }
  }
}

/** Every round takes its part of the nodes, so that the outermost is not left half empty. */
function evened(rounds: Round[], count: number, room: number): Round[] {
  let left = count
  return rounds.map((round, at) => {
    const share = at === rounds.length - 1 ? left : Math.min(left, Math.round((count * round.room) / room))
    left -= share
    return { ...round, room: share }
  })
}

/** Angles at which as much of the ellipse lies between any two neighbours: equal angles would crowd its long ends. */
function evenAngles(rx: number, ry: number, count: number, turn: number): number[] {
  const steps = 360
  const lengths = [0]
  for (let at = 1; at <= steps; at++) {
    const [a, b] = [(2 * Math.PI * (at - 1)) / steps, (2 * Math.PI * at) / steps]
    const piece = Math.hypot(rx * (Math.cos(b) - Math.cos(a)), ry * (Math.sin(b) - Math.sin(a)))
    lengths.push(lengths[at - 1]! + piece)
  }
  const around = lengths[steps]!
  const angles: number[] = []
  let at = 0
  for (let each = 0; each < count; each++) {
    const wanted = (around * ((each + turn) % count)) / count
    if (wanted < lengths[at]!) at = 0
    while (lengths[at + 1]! < wanted) at++
    angles.push((2 * Math.PI * (at + (wanted - lengths[at]!) / (lengths[at + 1]! - lengths[at]!))) / steps)
  }
  return angles
}
