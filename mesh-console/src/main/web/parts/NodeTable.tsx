// The nodes in rows: the twin of the map, and the screen of its own.

import type { MeshNode } from '../feed/entities'
import { bytes, clean, duration } from '../format'
import { Meter } from './Meter'
import { Name } from './Name'
import { pathWords, stateTone, stateWord } from './nodes'
import { Pill } from './Pill'
import { Table } from './Table'
import { Age } from './time'

const STATES = ['self', 'alive', 'suspect', 'lost']

interface Given {
  nodes: MeshNode[]
  openId?: string
  onOpen: (node: MeshNode) => void
}

export function NodeTable({ nodes, openId, onOpen }: Given) {
  const rows = [...nodes].sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name))
  return (
    <Table
      caption="Nodes of this mesh"
      rows={rows}
      keyOf={node => node.id}
      onOpen={onOpen}
      {...(openId ? { openKey: openId } : {})}
      columns={[
        { title: 'Name', cell: node => <Name charsMax={32}>{node.name}</Name>, by: node => node.name },
        { title: 'State', cell: node => <Pill tone={stateTone(node)}>{stateWord(node)}</Pill>, by: order },
        { title: 'Role', cell: node => (node.role ? clean(node.role, 20) : <span class="unknown">unknown</span>), by: node => node.role },
        { title: 'Memory', cell: node => <Memory node={node} />, by: node => node.memoryBytes },
        { title: 'Serving', cell: node => <Serving models={node.models ?? []} />, by: node => node.models?.length },
        { title: 'Round trip', cell: node => (node.state === 'self' ? '–' : duration(node.rttMillis)), by: node => node.rttMillis, isFigure: true },
        { title: 'Way', cell: pathWords, by: node => node.path },
        { title: 'Engine', cell: node => (node.version ? clean(node.version, 20) : <span class="unknown">unknown</span>), by: node => node.version },
        {
          title: 'Heard',
          cell: node => (node.state === 'self' ? '–' : <Age {...(node.heardMillis === undefined ? {} : { since: node.heardMillis })} />),
          by: node => (node.heardMillis === undefined ? undefined : -node.heardMillis),
          isFigure: true,
        },
      ]}
    />
  )
}

function order(node: MeshNode): number {
  return STATES.indexOf(node.state)
}

function Memory({ node }: { node: MeshNode }) {
  if (node.memoryBytes === undefined) return <span class="unknown">unknown</span>
  if (node.memoryUsedBytes === undefined) return <>{bytes(node.memoryBytes)}</>
  return (
    <span class="memory-cell">
      <Meter label={`Memory of ${clean(node.name)}`} part={node.memoryUsedBytes} whole={node.memoryBytes} />
      <span>
        {bytes(node.memoryUsedBytes)} of {bytes(node.memoryBytes)}
      </span>
    </span>
  )
}

const SERVING_MAX = 2

function Serving({ models }: { models: string[] }) {
  if (models.length === 0) return <span class="soft">nothing</span>
  return (
    <>
      {models.slice(0, SERVING_MAX).map((model, at) => (
        <span key={model}>
          {at > 0 && ', '}
          <Name charsMax={32}>{model}</Name>
        </span>
      ))}
      {models.length > SERVING_MAX && <span class="soft"> and {models.length - SERVING_MAX} more</span>}
    </>
  )
}
