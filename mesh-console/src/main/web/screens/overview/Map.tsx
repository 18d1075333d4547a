// The mesh as a map: this node in the middle, nearer ones nearer. A ring round each node shows how full its memory is, a
// badge its state, a line its way to here, with dots on it while requests run over it. Arrow keys go from node to node;
// the table beside it (Nodes) shows the same in words.

import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { MeshNode } from '../../feed/entities'
import { clean, duration } from '../../format'
import { Mark } from '../../parts/icons'
import { memo } from '../../parts/memo'
import { describe, hasPath, stateTone } from '../../parts/nodes'
import { distanceClass, hasWords, isNarrow, layout, type Spot } from './layout'

interface Given {
  nodes: MeshNode[]
  busy: Set<string>
  splits: [string, string][]
  openId?: string
  onOpen: (id: string) => void
}

export function TopologyMap({ nodes, busy, splits, openId, onOpen }: Given) {
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
    <div class={nodes.length > 1 ? 'map' : 'map is-lone'} ref={frame}>
      {size && <Drawn nodes={nodes} busy={busy} splits={splits} onOpen={onOpen} {...size} {...(openId ? { openId } : {})} />}
    </div>
  )
}

function Drawn({ nodes, busy, splits, openId, onOpen, width, height }: Given & { width: number; height: number }) {
  // Places follow from who is there and how far: a heartbeat moves nobody, and need not be computed for.
  const places = nodes.map(node => node.id + (node.state === 'self' ? '' : distanceClass(node))).join()
  const { spots, radius, middle } = useMemo(() => layout(nodes, width, height), [places, width, height])
  const [currentId, setCurrentId] = useState<string>()
  const view = useView(width, height)
  const shown = useMemo(() => [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1)), [nodes])
  const stopId = shown.some(node => node.id === currentId) ? currentId : shown[0]?.id
  const withWords = hasWords(nodes.length)
  const isTight = isNarrow(width) && nodes.length > 4
  const self = nodes.find(node => node.state === 'self')
  const root = useRef<SVGSVGElement>(null)
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined || shown.length === 0) return
    event.preventDefault()
    const at = shown.findIndex(node => node.id === stopId)
    const next = shown[(at + by + shown.length) % shown.length]!
    setCurrentId(next.id)
    root.current?.querySelector<SVGGElement>(`[data-node="${next.id}"]`)?.focus()
  }
  const open = useCallback(
    (id: string) => {
      setCurrentId(id)
      onOpen(id)
    },
    [onOpen],
  )
  return (
    <>
      <svg
        class={withWords ? 'map-drawing' : 'map-drawing is-dense'}
        ref={root}
        role="group"
        aria-label={`Map of ${nodes.length} nodes; arrow keys go from one to the next`}
        viewBox={view.box}
        onKeyDown={step}
        {...view.handlers}
      >
        {self &&
          shown.map(node =>
            node === self || !hasPath(node) ? null : (
              <Line
                key={node.id}
                from={spots.get(self.id)!}
                to={spots.get(node.id)!}
                isRelayed={node.path === 'relay'}
                isBusy={busy.has(node.id)}
                words={withWords && !isTight && node.rttMillis !== undefined ? duration(node.rttMillis) : ''}
              />
            ),
          )}
        {splits.map(([a, b]) => {
          const [from, to] = [spots.get(a), spots.get(b)]
          return from && to && <Bow key={`${a} ${b}`} from={from} to={to} />
        })}
        {shown.map(node => (
          <Dot
            key={node.id}
            node={node}
            spot={spots.get(node.id)!}
            radius={radius}
            words={withWords ? (isTight ? 'name' : 'all') : 'none'}
            isAbove={spots.get(node.id)!.y < middle.y - 1}
            isOpen={node.id === openId}
            isStop={node.id === stopId}
            onOpen={open}
          />
        ))}
      </svg>
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

/** What part of the map is seen: dragged with a pointer, scaled with buttons or with the wheel and Ctrl held. */
function useView(width: number, height: number) {
  const [view, setView] = useState({ x: 0, y: 0, scale: 1 })
  const drag = useRef<{ x: number; y: number; isMoved: boolean } | undefined>(undefined)
  const zoom = (by: number) => setView(old => scaled(old, by))
  const scaled = (old: typeof view, by: number) => {
    const scale = Math.min(8, Math.max(0.5, old.scale * by))
    const grown = 1 / old.scale - 1 / scale
    return { scale, x: old.x + (width * grown) / 2, y: old.y + (height * grown) / 2 }
  }
  return {
    box: `${view.x} ${view.y} ${width / view.scale} ${height / view.scale}`,
    isMoved: view.x !== 0 || view.y !== 0 || view.scale !== 1,
    zoom,
    reset: () => setView({ x: 0, y: 0, scale: 1 }),
    handlers: {
      onWheel: (event: WheelEvent) => {
        if (!event.ctrlKey) return
        event.preventDefault()
        zoom(event.deltaY < 0 ? 1.12 : 1 / 1.12)
      },
      onPointerDown: (event: PointerEvent) => {
        // A finger scrolls the page unless there is more map than is seen.
        if (event.button === 0 && (event.pointerType === 'mouse' || view.scale > 1))
          drag.current = { x: event.clientX, y: event.clientY, isMoved: false }
      },
      onPointerMove: (event: PointerEvent) => {
        const from = drag.current
        if (!from || (!from.isMoved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4)) return
        if (!from.isMoved) (event.currentTarget as Element).setPointerCapture(event.pointerId)
        drag.current = { x: event.clientX, y: event.clientY, isMoved: true }
        setView(old => ({
          ...old,
          x: old.x - (event.clientX - from.x) / old.scale,
          y: old.y - (event.clientY - from.y) / old.scale,
        }))
      },
      onPointerUp: () => void (drag.current = undefined),
      onPointerCancel: () => void (drag.current = undefined),
    },
  }
}

interface LineGiven {
  from: Spot
  to: Spot
  isRelayed: boolean
  isBusy: boolean
  words: string
}

const Line = memo(function Line({ from, to, isRelayed, isBusy, words }: LineGiven) {
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y }
  const at = { x: from.x + (to.x - from.x) * 0.6, y: from.y + (to.y - from.y) * 0.6 }
  return (
    <g class={isRelayed ? 'map-line is-relayed' : 'map-line'}>
      <line {...ends} />
      {isBusy && <line class="map-traffic" {...ends} />}
      {words && (
        <text x={at.x} y={at.y} dy="0.32em">
          {words}
        </text>
      )}
    </g>
  )
})

/** Two that hold one model together. */
function Bow({ from, to }: { from: Spot; to: Spot }) {
  const bend = 0.18
  const x = (from.x + to.x) / 2 + (to.y - from.y) * bend
  const y = (from.y + to.y) / 2 - (to.x - from.x) * bend
  return <path class="map-split" d={`M${from.x} ${from.y}Q${x} ${y} ${to.x} ${to.y}`} />
}

interface DotGiven {
  node: MeshNode
  spot: Spot
  radius: number
  words: 'all' | 'name' | 'none'
  /** Its words stand on the side away from the middle, clear of its line. */
  isAbove: boolean
  isOpen: boolean
  isStop: boolean
  onOpen: (id: string) => void
}

const Dot = memo(function Dot({ node, spot, radius, words, isAbove, isOpen, isStop, onOpen }: DotGiven) {
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
      <g class="map-badge" transform={`translate(${r * 0.75} ${-r * 0.75}) scale(${Math.max(3.2, r * 0.24)})`}>
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
})

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
