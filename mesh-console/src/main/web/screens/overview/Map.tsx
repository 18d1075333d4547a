// The mesh as a map: this node in the middle, nearer ones nearer. A ring round each node shows how full its memory is, a
// badge its state, a line its way to here, with dots on it while requests run over it. Arrow keys go from node to node;
// the table beside it (Nodes) shows the same in words.
//
// Two drawings lie on each other in one layer: ways below, nodes above, so that moving dots repaint no node. The layer is
// dragged by its transform alone: while a pointer moves nothing is rendered, laid out or painted anew.

import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { MeshNode, Model } from '../../feed/entities'
import { current, useWorld } from '../../feed/store'
import { clean, duration } from '../../format'
import { Mark } from '../../parts/icons'
import { describe, hasPath, stateTone } from '../../parts/nodes'
import { useBusy } from './busy'
import { distanceClass, hasWords, isNarrow, layout, type Spot } from './layout'

interface Given {
  openId: string | undefined
  onOpen: (id: string) => void
}

/** Each node on it is drawn again when that node changed, all of them when somebody came, went or moved. */
export function TopologyMap({ openId, onOpen }: Given) {
  const places = useWorld(placesOf)
  const frame = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState<{ width: number; height: number }>()
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = frame.current!
      if (clientWidth > 0) setSize({ width: clientWidth, height: clientHeight })
    })
    observer.observe(frame.current!)
    return () => observer.disconnect()
  }, [])
  return (
    <div class={places.includes(' ') ? 'map' : 'map is-lone'} ref={frame}>
      {size && <Drawn places={places} openId={openId} onOpen={onOpen} {...size} />}
    </div>
  )
}

let placed: { group: Record<string, MeshNode>; places: string } = { group: {}, places: '' }

/** Places follow from who is there and how far: a heartbeat moves nobody, and need not be computed for. */
function placesOf({ node: group }: { node: Record<string, MeshNode> }): string {
  if (placed.group !== group)
    placed = {
      group,
      places: Object.values(group)
        .map(node => node.id + (node.state === 'self' ? '' : distanceClass(node)))
        .sort()
        .join(' '),
    }
  return placed.places
}

function Drawn({ places, openId, onOpen, width, height }: Given & { places: string; width: number; height: number }) {
  const { ids, selfId, spots, radius, middle } = useMemo(() => {
    const nodes = Object.values(current().node)
    return {
      ids: nodes.map(node => node.id).sort(),
      selfId: nodes.find(node => node.state === 'self')?.id,
      ...layout(nodes, width, height),
    }
  }, [places, width, height])
  const [currentId, setCurrentId] = useState<string>()
  const view = useView(width, height)
  const stopId = currentId !== undefined && ids.includes(currentId) ? currentId : ids[0]
  const withWords = hasWords(ids.length)
  const isTight = isNarrow(width) && ids.length > 2
  const root = useRef<SVGSVGElement>(null)
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined || ids.length === 0) return
    event.preventDefault()
    const next = ids[(ids.indexOf(stopId!) + by + ids.length) % ids.length]!
    setCurrentId(next)
    root.current?.querySelector<SVGGElement>(`[data-node="${next}"]`)?.focus()
  }
  const open = useCallback(
    (id: string) => {
      setCurrentId(id)
      onOpen(id)
    },
    [onOpen],
  )
  const drawing = { width: width * view.scale, height: height * view.scale, viewBox: `0 0 ${width} ${height}` }
  return (
    <>
      <div class={withWords ? 'map-pane' : 'map-pane is-dense'} {...view.handlers}>
        <div class="map-layer" ref={view.layer}>
          <svg class="map-ways" aria-hidden="true" {...drawing}>
            {selfId !== undefined && <Ways ids={ids} selfId={selfId} spots={spots} hasWords={withWords && !isTight} />}
          </svg>
          <svg
            class="map-drawing"
            ref={root}
            role="group"
            aria-label={`Map of ${ids.length} nodes; arrow keys go from one to the next`}
            onKeyDown={step}
            {...drawing}
          >
            {ids.map(id => (
              <Dot
                key={id}
                id={id}
                spot={spots.get(id)!}
                radius={radius}
                words={withWords ? (isTight ? 'name' : 'all') : 'none'}
                isAbove={spots.get(id)!.y < middle.y - 1}
                isOpen={id === openId}
                isStop={id === stopId}
                onOpen={open}
              />
            ))}
          </svg>
        </div>
      </div>
      {(!withWords || view.isMoved) && (
        <div class="map-tools">
          <button type="button" class="button button-icon" aria-label="Closer" onClick={() => view.zoom(1.4)}>+</button>
          <button type="button" class="button button-icon" aria-label="Farther" onClick={() => view.zoom(1 / 1.4)}>−</button>
          {view.isMoved && <button type="button" class="button" onClick={view.reset}>Whole map</button>}
        </div>
      )}
    </>
  )
}

const SCALE_MIN = 0.5
const SCALE_MAX = 8

/** What part of the map is seen: dragged with a pointer, scaled with buttons or with the wheel and Ctrl held. */
function useView(width: number, height: number) {
  const layer = useRef<HTMLDivElement>(null)
  const at = useRef({ x: 0, y: 0 })
  const [scale, setScale] = useState(1)
  const [isMoved, setMoved] = useState(false)
  const drag = useRef<{ x: number; y: number; isMoved: boolean } | undefined>(undefined)
  const place = (x: number, y: number) => {
    at.current = { x, y }
    layer.current!.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`
  }
  const zoom = (by: number) => {
    const wanted = Math.min(SCALE_MAX, Math.max(SCALE_MIN, scale * by))
    const grown = wanted / scale
    place(width / 2 - (width / 2 - at.current.x) * grown, height / 2 - (height / 2 - at.current.y) * grown)
    setScale(wanted)
    setMoved(true)
  }
  return {
    layer,
    scale,
    isMoved,
    zoom,
    reset: () => {
      place(0, 0)
      setScale(1)
      setMoved(false)
    },
    handlers: {
      onWheel: (event: WheelEvent) => {
        if (!event.ctrlKey) return
        event.preventDefault()
        zoom(event.deltaY < 0 ? 1.12 : 1 / 1.12)
      },
      onPointerDown: (event: PointerEvent) => {
        // A finger scrolls the page unless there is more map than is seen.
        if (event.button === 0 && (event.pointerType === 'mouse' || scale > 1))
          drag.current = { x: event.clientX, y: event.clientY, isMoved: false }
      },
      onPointerMove: (event: PointerEvent) => {
        const from = drag.current
        if (!from || (!from.isMoved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4)) return
        if (!from.isMoved) {
          ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
          setMoved(true)
        }
        drag.current = { x: event.clientX, y: event.clientY, isMoved: true }
        place(at.current.x + event.clientX - from.x, at.current.y + event.clientY - from.y)
      },
      onPointerUp: () => void (drag.current = undefined),
      onPointerCancel: () => void (drag.current = undefined),
    },
  }
}

interface WaysGiven {
  ids: string[]
  selfId: string
  spots: Map<string, Spot>
  hasWords: boolean
}

function Ways({ ids, selfId, spots, hasWords }: WaysGiven) {
  const busy = useBusy()
  const models = useWorld(world => world.model)
  const splits = useMemo(() => splitsOf(models), [models])
  return (
    <>
      {ids.map(id => id !== selfId && <Line key={id} id={id} from={spots.get(selfId)!} to={spots.get(id)!} isBusy={busy.includes(id)} hasWords={hasWords} />)}
      {splits.map(([a, b]) => {
        const [from, to] = [spots.get(a), spots.get(b)]
        return from && to && <Bow key={`${a} ${b}`} from={from} to={to} />
      })}
    </>
  )
}

/** Each model that is split, from the node that answers for it to each that holds a part. */
export function splitsOf(models: Record<string, Model>): [string, string][] {
  return Object.values(models).flatMap(model =>
    (model.split ?? [])
      .filter(share => model.hosts?.[0] !== undefined && share.node !== model.hosts[0])
      .map((share): [string, string] => [model.hosts![0]!, share.node]),
  )
}

interface LineGiven {
  id: string
  from: Spot
  to: Spot
  isBusy: boolean
  hasWords: boolean
}

function Line({ id, from, to, isBusy, hasWords }: LineGiven) {
  const node = useWorld(world => world.node[id])
  if (!node || !hasPath(node)) return null
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y }
  const at = { x: from.x + (to.x - from.x) * 0.6, y: from.y + (to.y - from.y) * 0.6 }
  return (
    <g class={node.path === 'relay' ? 'map-line is-relayed' : 'map-line'}>
      <line {...ends} />
      {isBusy && <line class="map-traffic" {...ends} />}
      {hasWords && node.rttMillis !== undefined && (
        <text x={at.x} y={at.y} dy="0.32em">
          {duration(node.rttMillis)}
        </text>
      )}
    </g>
  )
}

/** Two that hold one model together. */
function Bow({ from, to }: { from: Spot; to: Spot }) {
  const bend = 0.18
  const x = (from.x + to.x) / 2 + (to.y - from.y) * bend
  const y = (from.y + to.y) / 2 - (to.x - from.x) * bend
  return <path class="map-split" d={`M${from.x} ${from.y}Q${x} ${y} ${to.x} ${to.y}`} />
}

interface DotGiven {
  id: string
  spot: Spot
  radius: number
  words: 'all' | 'name' | 'none'
  /** Its words stand on the side away from the middle, clear of its line. */
  isAbove: boolean
  isOpen: boolean
  isStop: boolean
  onOpen: (id: string) => void
}

function Dot({ id, spot, radius, words, isAbove, isOpen, isStop, onOpen }: DotGiven) {
  const node = useWorld(world => world.node[id])
  if (!node) return null
  const { memoryBytes, memoryUsedBytes } = node
  const isKnown = memoryBytes !== undefined && memoryBytes > 0 && memoryUsedBytes !== undefined
  const isSelf = node.state === 'self'
  const r = isSelf ? Math.max(radius, 12) * 1.15 : radius
  const around = 2 * Math.PI * r
  const full = isKnown ? Math.min(1, memoryUsedBytes / memoryBytes) : 0
  const tone = stateTone(node)
  const open = () => onOpen(node.id)
  return (
    <g
      class={`map-node tone-${tone}${isOpen ? ' is-open' : ''}${node.state === 'lost' ? ' is-lost' : ''}`}
      style={{ transform: `translate(${spot.x}px, ${spot.y}px)` }}
      role="button"
      tabindex={isStop ? 0 : -1}
      aria-label={describe(node)}
      aria-expanded={isOpen}
      data-node={node.id}
      onClick={open}
      onKeyDown={event => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault()
          open()
        }
      }}
    >
      <circle class="map-focus" r={r + 6} />
      <circle class="map-disc" r={r} />
      <circle class={isKnown ? 'map-ring' : 'map-ring is-unknown'} r={r} />
      {full > 0 && (
        <circle class="map-full" r={r} transform="rotate(-90)" stroke-dasharray={`${full * around} ${around}`} />
      )}
      <RoleSign node={node} radius={r} />
      <g class="map-badge" transform={`translate(${r * 0.75} ${r * 0.75}) scale(${Math.max(3.2, r * 0.24)})`}>
        <circle r="1.5" />
        <Mark state={tone} />
      </g>
      {words !== 'none' && (
        <text class="map-name" y={isAbove ? -r - 12 : r + 20}>
          {clean(node.name, words === 'all' ? 18 : 11)}
          {isSelf && words === 'all' ? ' (this node)' : ''}
        </text>
      )}
      {words === 'all' && <Serves models={node.models ?? []} y={isAbove ? -r - 28 : r + 36} />}
      <title>{describe(node)}</title>
    </g>
  )
}

function Serves({ models, y }: { models: string[]; y: number }) {
  if (models.length === 0) return null
  return (
    <text class="map-serves" y={y}>
      {clean(models[0]!, 18)}
      {models.length > 1 ? ` +${models.length - 1}` : ''}
    </text>
  )
}

/** What a node does here: it answers, it lends its memory, it waits, it only asks. */
function RoleSign({ node, radius }: { node: MeshNode; radius: number }) {
  const signs: Record<string, string> = {
    host: 'M-6 -6H6V-1H-6ZM-6 1.500H6V6H-6ZM-3 -3.500H-2M-3 3.800H-2',
    worker: 'M0 -7 6 -3.500V3.500L0 7-6 3.500V-3.500ZM-6 -3.5 0 0 6 -3.500M0 0V7',
    standby: 'M-6 -5V5M-2 -5V5M2 -5V5M6 -5V5',
    client: 'M-7 -5H7V4H-7ZM-9 7H9',
  }
  const sign = signs[node.role ?? '']
  return sign ? <path class="map-role" d={sign} transform={`scale(${radius / 26})`} /> : null
}
