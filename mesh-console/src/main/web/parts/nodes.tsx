// A node in words, the same on map, table and drawer.

import type { MeshNode, Model } from '../feed/entities'
import { useWorld } from '../feed/store'
import { bytes, clean, duration, plural, shortId } from '../format'
import { CopyButton } from './Copy'
import { Drawer } from './Drawer'
import { Meter } from './Meter'
import { Name } from './Name'
import { Facts } from './Page'
import { modelTone, nodeTone, Pill, type Tone } from './Pill'
import { Age } from './time'

const STATE_WORDS: Record<string, string> = { self: 'this node', alive: 'alive', suspect: 'suspect', lost: 'lost' }
const PATH_WORDS: Record<string, string> = {
  self: 'this machine',
  lan: 'local network',
  public: 'direct, public address',
  punched: 'direct, through both routers',
  relay: 'relayed',
}

export function stateTone(node: MeshNode): Tone {
  return nodeTone(node.state)
}

export function stateWord(node: MeshNode): string {
  return STATE_WORDS[node.state] ?? clean(node.state, 20)
}

/** Whether there is a way to it that is worth a line. */
export function hasPath(node: MeshNode): boolean {
  return node.state !== 'lost' && node.state !== 'self'
}

export function pathWords(node: MeshNode): string {
  if (!node.path) return 'unknown'
  const words = PATH_WORDS[node.path] ?? clean(node.path, 20)
  return node.path === 'relay' && node.via ? `${words} by ${clean(node.via, 24)}` : words
}

/** One line for a screen reader and for the pointer. */
export function describe(node: MeshNode): string {
  const known = [
    clean(node.name),
    stateWord(node),
    node.role && clean(node.role, 20),
    node.models?.length ? `serves ${node.models.map(model => clean(model, 32)).join(', ')}` : '',
    memoryWords(node),
    node.rttMillis !== undefined && `${duration(node.rttMillis)} away`,
    node.path && node.path !== 'self' && pathWords(node),
  ]
  return known.filter(Boolean).join(', ')
}

export function memoryWords(node: MeshNode): string {
  if (node.memoryBytes === undefined) return 'memory unknown'
  return node.memoryUsedBytes === undefined
    ? `${bytes(node.memoryBytes)} for models`
    : `${bytes(node.memoryUsedBytes)} of ${bytes(node.memoryBytes)} used`
}

export function NodeDrawer({ node, onClose }: { node: MeshNode; onClose: () => void }) {
  const models = useWorld(world => world.model)
  const parts = Object.values(models).filter(model => takesPart(model, node.id))
  return (
    <Drawer title={<Name>{node.name}</Name>} label={`Node ${clean(node.name)}`} onClose={onClose}>
      <div class="drawer-states">
        <Pill tone={stateTone(node)}>{stateWord(node)}</Pill>
        {node.role && <Pill tone="quiet">{clean(node.role, 20)}</Pill>}
      </div>
      <div class="drawer-memory">
        <Meter label="Memory" {...of(node)} />
        <p class="soft">{memoryWords(node)}</p>
      </div>
      {parts.length > 0 && (
        <section aria-label="Models here">
          <h3>Models here</h3>
          <ul class="drawer-models">
            {parts.map(model => (
              <li key={model.name}>
                <strong>
                  <Name charsMax={40}>{model.name}</Name>
                </strong>
                <Pill tone={modelTone(model.state)}>{clean(model.state, 20)}</Pill>
                <span class="soft">{shareWords(model, node.id)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Facts
        of={[
          ['Way', pathWords(node)],
          ['Round trip', node.state === 'self' ? 'none' : duration(node.rttMillis)],
          ['Heard', node.state === 'self' ? 'here' : <Age {...(node.heardMillis === undefined ? {} : { since: node.heardMillis })} />],
          ...(node.clients === undefined ? [] : [['Clients', plural(node.clients, 'client')] as [string, string]]),
          ['Engine', node.version ? clean(node.version, 30) : <span class="unknown">unknown</span>],
          [
            'Id',
            <span class="id">
              <code>{shortId(node.id)}…</code>
              <CopyButton text={node.id} what="the id" />
            </span>,
          ],
        ]}
      />
    </Drawer>
  )
}

function of(node: MeshNode) {
  return {
    ...(node.memoryUsedBytes === undefined ? {} : { part: node.memoryUsedBytes }),
    ...(node.memoryBytes === undefined ? {} : { whole: node.memoryBytes }),
  }
}

function takesPart(model: Model, id: string): boolean {
  return !!model.hosts?.includes(id) || !!model.split?.some(share => share.node === id)
}

function shareWords(model: Model, id: string): string {
  const share = model.split?.find(each => each.node === id)
  if (!share) return model.sizeBytes === undefined ? 'whole' : `whole, ${bytes(model.sizeBytes)}`
  const words = [share.bytes === undefined ? '' : bytes(share.bytes), model.hosts?.includes(id) ? 'host of the split' : 'part of a split']
  return words.filter(Boolean).join(', ')
}
