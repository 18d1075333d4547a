// Every node that this one knows of, as a table; cards on a phone.

import type { MeshNode } from '../../feed/entities'
import { useWorld } from '../../feed/store'
import { bytes, duration } from '../../format'
import { Name } from '../../parts/Name'
import { Card, Empty, Page } from '../../parts/Page'
import { nodeTone, Pill } from '../../parts/Pill'
import { Table } from '../../parts/Table'
import { Age } from '../../parts/time'

export default function Nodes() {
  const nodes = Object.values(useWorld(world => world.node))
  return (
    <Page title="Nodes">
      {nodes.length === 0 ? (
        <Empty title="No node is known yet" />
      ) : (
        <Card title="In this mesh">
          <Table
            caption="Nodes of this mesh"
            rows={nodes}
            keyOf={node => node.id}
            columns={[
              { title: 'Name', cell: node => <Name>{node.name}</Name>, by: (node: MeshNode) => node.name },
              { title: 'State', cell: node => <Pill tone={nodeTone(node.state)}>{node.state}</Pill>, by: node => node.state },
              { title: 'Memory', cell: node => bytes(node.memoryBytes), by: node => node.memoryBytes, isFigure: true },
              { title: 'Round trip', cell: node => duration(node.rttMillis), by: node => node.rttMillis, isFigure: true },
              { title: 'Heard', cell: node => <Age {...(node.heardMillis === undefined ? {} : { since: node.heardMillis })} /> },
            ]}
          />
        </Card>
      )}
    </Page>
  )
}
