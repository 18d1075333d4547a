// Meshes that list themselves in public. Looking asks relays, which are strangers: so nothing is asked until a person
// presses the button, and never under --offline.

import { useState } from 'preact/hooks'
import { call } from '../../feed/calls'
import { useWorld } from '../../feed/store'
import { bytes, clean, clock, count, duration, plural } from '../../format'
import { RefusedNotice, useActs } from '../../parts/Acting'
import { Drawer } from '../../parts/Drawer'
import { JoinNow } from '../../parts/JoinNow'
import { Name } from '../../parts/Name'
import { Card, Empty, Facts, Page } from '../../parts/Page'
import { Pill } from '../../parts/Pill'
import { Table, type Column } from '../../parts/Table'

interface Mesh {
  id: string
  name: string
  region: string
  nodes: number
  memoryBytes: number
  clients: number
  clientsMax: number
  publisher: string
  trusted: boolean
  token: string
  clientToken: string
  sealedToken?: string
  serving: string[]
  wanted: string[]
  probe: string
  latencyMillis?: number
}

interface Found {
  meshes: Mesh[]
  rejected: Record<string, number>
  relays: Record<string, { end: string; detail: string; events: number }>
}

export default function Discover() {
  const isOffline = useWorld(world => world.self?.offline)
  return (
    <Page title="Discover">
      {isOffline ? (
        <Empty title="This node is offline">
          <p>
            It was started with <code>--offline</code> and asks nobody. Start it without to look for public meshes; with an invitation it can join
            one all the same.
          </p>
        </Empty>
      ) : (
        <Look />
      )}
    </Page>
  )
}

function Look() {
  const [model, setModel] = useState('')
  const [region, setRegion] = useState('')
  const [isKnocking, setKnocking] = useState(false)
  const [found, setFound] = useState<Found & { atMillis: number }>()
  const [openId, setOpenId] = useState<string>()
  const { isBusy, refused, act } = useActs()
  const look = () =>
    act(async () => {
      const query = new URLSearchParams()
      if (model.trim()) query.set('model', model.trim())
      if (region.trim()) query.set('region', region.trim())
      if (isKnocking) query.set('probe', '1')
      const said = await call<Found>('GET', `discover${query.size > 0 ? '?' + query : ''}`)
      setFound({ ...said, atMillis: Date.now() })
    })
  const open = found?.meshes.find(mesh => mesh.id === openId)
  return (
    <>
      <Card title="Look for public meshes">
        <form
          class="look"
          onSubmit={event => {
            event.preventDefault()
            void look()
          }}
        >
          <label>
            <span class="soft">That serve a model like</span>
            <input class="field" placeholder="any" spellcheck={false} value={model} onInput={event => setModel(event.currentTarget.value)} />
          </label>
          <label>
            <span class="soft">In the region</span>
            <input class="field" placeholder="any" size={6} spellcheck={false} value={region} onInput={event => setRegion(event.currentTarget.value)} />
          </label>
          <label class="look-knock">
            <input type="checkbox" checked={isKnocking} onChange={event => setKnocking(event.currentTarget.checked)} />
            <span>knock at the best of them</span>
          </label>
          <button type="submit" class="button button-main" disabled={isBusy}>
            {isBusy ? 'Looking …' : found ? 'Look again' : 'Ask the relays'}
          </button>
        </form>
        <p class="soft look-hint">
          This asks Nostr relays which meshes are listed: four public ones, unless this node was told others. They see the address of this machine;
          nothing about this mesh is said. Who is knocked at sees it too, and answers how far it is.
        </p>
        <RefusedNotice refused={refused} what="No answer" />
      </Card>
      {found && (
        <div class={open ? 'with-drawer has-drawer' : 'with-drawer'} aria-busy={isBusy}>
          {found.meshes.length === 0 ? (
            <Empty title="No mesh was found">
              <p>None is listed that meets this wish. Ask for less, or later again.</p>
              <Asked found={found} />
            </Empty>
          ) : (
            <Card title="Listed" aside={`${plural(found.meshes.length, 'mesh', 'meshes')} as of ${clock(found.atMillis)}`}>
              <Meshes meshes={found.meshes} openId={openId} onOpen={mesh => setOpenId(mesh.id === openId ? undefined : mesh.id)} />
              <Asked found={found} />
            </Card>
          )}
          {open && <MeshDrawer key={open.id} mesh={open} onClose={() => setOpenId(undefined)} />}
        </div>
      )}
    </>
  )
}

/** What stands in the drawer as well gives way to it. */
const FIGURES: Column<Mesh>[] = [
  { title: 'Nodes', cell: mesh => count(mesh.nodes), by: mesh => mesh.nodes, isFigure: true },
  { title: 'Memory', cell: mesh => bytes(mesh.memoryBytes), by: mesh => mesh.memoryBytes, isFigure: true },
]

interface MeshesGiven {
  meshes: Mesh[]
  openId: string | undefined
  onOpen: (mesh: Mesh) => void
}

function Meshes({ meshes, openId, onOpen }: MeshesGiven) {
  return (
    <Table
      caption="Public meshes"
      rows={meshes}
      keyOf={mesh => mesh.id}
      onOpen={onOpen}
      {...(openId ? { openKey: openId } : {})}
      columns={[
        { title: 'Name', cell: mesh => <MeshName mesh={mesh} />, by: mesh => mesh.name },
        ...(meshes.some(isTried) ? [{ title: 'Answer', cell: (mesh: Mesh) => <Answer mesh={mesh} />, by: (mesh: Mesh) => mesh.latencyMillis }] : []),
        { title: 'Region', cell: mesh => (mesh.region ? <Name charsMax={16}>{mesh.region}</Name> : <span class="unknown">unknown</span>), by: mesh => mesh.region },
        { title: 'Serves', cell: mesh => <Serves models={mesh.serving} />, by: mesh => mesh.serving.length },
        ...(openId === undefined ? FIGURES : []),
      ]}
    />
  )
}

/** Whether it was knocked at: not every look does. */
function isTried(mesh: Mesh): boolean {
  return mesh.probe !== 'untried'
}

function MeshName({ mesh }: { mesh: Mesh }) {
  return mesh.name ? <Name charsMax={32}>{mesh.name}</Name> : <code>{clean(mesh.id, 12)}</code>
}

/** Its round trip where it was knocked at and answered, else what came of it. */
function Answer({ mesh }: { mesh: Mesh }) {
  if (mesh.latencyMillis !== undefined) return <Pill tone="good">{duration(mesh.latencyMillis)}</Pill>
  if (mesh.probe === 'answered') return <Pill tone="good">answered</Pill>
  if (!isTried(mesh)) return <Pill tone="quiet">not asked</Pill>
  return <Pill tone="bad">{clean(mesh.probe.replaceAll(/[-_]/g, ' '), 24)}</Pill>
}

const SERVES_MAX = 2

function Serves({ models }: { models: string[] }) {
  if (models.length === 0) return <span class="soft">nothing yet</span>
  return (
    <>
      {models.slice(0, SERVES_MAX).map((model, at) => (
        <span key={model}>
          {at > 0 && ', '}
          <Name charsMax={28}>{model}</Name>
        </span>
      ))}
      {models.length > SERVES_MAX && <span class="soft"> and {models.length - SERVES_MAX} more</span>}
    </>
  )
}

function clientWords(mesh: Mesh): string {
  return mesh.clientsMax > 0 ? `${count(mesh.clients)} of ${count(mesh.clientsMax)}` : count(mesh.clients)
}

function MeshDrawer({ mesh, onClose }: { mesh: Mesh; onClose: () => void }) {
  const best = mesh.sealedToken ?? mesh.token
  return (
    <Drawer title={<MeshName mesh={mesh} />} label={`Mesh ${clean(mesh.name || mesh.id)}`} onClose={onClose}>
      {(mesh.trusted || isTried(mesh)) && (
        <div class="drawer-states">
          {isTried(mesh) && <Answer mesh={mesh} />}
          {mesh.trusted && <Pill tone="good">trusted</Pill>}
        </div>
      )}
      <Facts
        of={[
          ['Region', mesh.region ? clean(mesh.region, 30) : <span class="unknown">unknown</span>],
          ['Nodes', count(mesh.nodes)],
          ['Memory', bytes(mesh.memoryBytes)],
          ['Clients', clientWords(mesh)],
          ['Serves', mesh.serving.length > 0 ? <Names of={mesh.serving} /> : 'nothing yet'],
          ['Wants', mesh.wanted.length > 0 ? <Names of={mesh.wanted} /> : 'nothing it says'],
          ['Published by', <code>{clean(mesh.publisher, 20)}</code>],
        ]}
      />
      <section class="take" aria-label="Join, to ask">
        <h3>To ask its models</h3>
        <p class="soft">As a client: it sees what you ask and where you ask from. You lend nothing. Leave with mesh leave.</p>
        <JoinNow token={mesh.clientToken} command={`mesh --join ${mesh.clientToken} --client`} act="Join to ask" what="the command for a client" />
      </section>
      <section class="take" aria-label="Join, to serve">
        <h3>To serve in it</h3>
        <p class="soft">Your machine answers requests of strangers as well, and they see its address. Its models and memory are announced to all of them.</p>
        <JoinNow token={best} command={`mesh --join ${best}`} act="Join to serve" what="the command for a server" />
      </section>
      <p class="soft">What a listing says of itself is its publisher’s word.</p>
    </Drawer>
  )
}

function Names({ of }: { of: string[] }) {
  return (
    <>
      {of.map((name, at) => (
        <span key={name}>
          {at > 0 && ', '}
          <Name charsMax={32}>{name}</Name>
        </span>
      ))}
    </>
  )
}

/** Whom it was asked, and what was turned down. */
function Asked({ found }: { found: Found }) {
  const relays = Object.entries(found.relays)
  const rejected = Object.entries(found.rejected)
  return (
    <details class="asked">
      <summary class="soft">
        {plural(relays.length, 'relay')} asked
        {rejected.length > 0 && `, ${plural(rejected.reduce((sum, [, n]) => sum + n, 0), 'listing')} turned down`}
      </summary>
      <ul class="soft">
        {relays.map(([url, relay]) => (
          <li key={url}>
            <bdi>{clean(url, 60)}</bdi>: {clean(relay.end.replaceAll('_', ' '), 30)}
            {relay.detail && (
              <>
                , <bdi>{clean(relay.detail, 120)}</bdi>
              </>
            )}
            , {plural(relay.events, 'event')}
          </li>
        ))}
        {rejected.map(([reason, n]) => (
          <li key={reason}>
            {clean(reason.replaceAll('_', ' '), 40)}: {count(n)}
          </li>
        ))}
      </ul>
    </details>
  )
}
