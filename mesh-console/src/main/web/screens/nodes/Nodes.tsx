// Every node that this one knows of, in rows that open.

import { useMemo, useState } from 'preact/hooks'
import { useWorld } from '../../feed/store'
import { plural } from '../../format'
import { Card, Empty, Page } from '../../parts/Page'
import { NodeDrawer } from '../../parts/nodes'
import { NodeTable } from '../../parts/NodeTable'
import { hrefOf, type Route } from '../../router'

export default function Nodes({ route }: { route: Route }) {
  const group = useWorld(world => world.node)
  const [words, setWords] = useState('')
  const nodes = useMemo(() => Object.values(group), [group])
  const wanted = words.trim().toLowerCase()
  const shown = useMemo(
    () => nodes.filter(node => [node.name, node.id, node.role, node.state, ...(node.models ?? [])].some(text => text?.toLowerCase().includes(wanted))),
    [nodes, wanted],
  )
  const openId = route.rest[0]
  const open = openId === undefined ? undefined : group[openId]
  const go = (id?: string) => void (location.hash = id ? hrefOf('nodes', id) : hrefOf('nodes'))
  return (
    <Page
      title="Nodes"
      actions={
        nodes.length > 1 && (
          <input
            type="search"
            class="field"
            placeholder="Find a name, id or model"
            aria-label="Find a node"
            value={words}
            onInput={event => setWords(event.currentTarget.value)}
          />
        )
      }
    >
      {nodes.length === 0 ? (
        <Empty title="No node is known yet">
          <p>This node is still on its way into a mesh.</p>
        </Empty>
      ) : (
        <div class={open ? 'with-drawer has-drawer' : 'with-drawer'}>
          <Card title="In this mesh" aside={wanted ? `${shown.length} of ${nodes.length}` : plural(nodes.length, 'node')}>
            {shown.length === 0 ? (
              <p class="soft">No node matches.</p>
            ) : (
              <NodeTable nodes={shown} onOpen={node => go(node.id === openId ? undefined : node.id)} {...(openId ? { openId } : {})} />
            )}
          </Card>
          {open && <NodeDrawer key={open.id} node={open} onClose={() => go()} />}
        </div>
      )}
    </Page>
  )
}
