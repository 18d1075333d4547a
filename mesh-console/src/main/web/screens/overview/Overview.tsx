// What a person keeps open: who is there, what they serve, what moves, and, on the first day, what to do next.

import { useCallback, useMemo, useState } from 'preact/hooks'
import { useWorld } from '../../feed/store'
import { bytes, clock, count, figure, plural } from '../../format'
import { Bars } from '../../parts/Bars'
import { Icon } from '../../parts/icons'
import { LogLines } from '../../parts/LogLines'
import { Card, Page } from '../../parts/Page'
import { NodeDrawer } from '../../parts/nodes'
import { NodeTable } from '../../parts/NodeTable'
import { useNow } from '../../parts/time'
import { buckets } from '../../parts/traffic'
import { hrefOf } from '../../router'
import { hasScreen } from '../screens'
import { FirstSteps } from './FirstSteps'
import { splitsOf, TopologyMap } from './Map'

const BUCKET_MILLIS = 15_000
const BUCKETS = 60

export default function Overview() {
  return (
    <Page
      title="Overview"
      actions={
        <>
          {hasScreen('invite') && <a class="button" href={hrefOf('invite')}><Icon name="invite" size={16} /> Invite</a>}
          {hasScreen('chat') && <a class="button button-main" href={hrefOf('chat')}><Icon name="chat" size={16} /> Chat</a>}
        </>
      }
    >
      <Headline />
      <FirstSteps />
      <Topology />
      <div class="overview-charts">
        <Charts />
        <Recent />
      </div>
    </Page>
  )
}

function Headline() {
  const nodes = Object.values(useWorld(world => world.node))
  const models = Object.values(useWorld(world => world.model))
  const here = nodes.filter(node => node.state !== 'lost')
  const ready = models.filter(model => model.state === 'ready')
  const withMemory = here.filter(node => node.memoryBytes !== undefined)
  const withUse = withMemory.filter(node => node.memoryUsedBytes !== undefined)
  const total = sum(withMemory.map(node => node.memoryBytes!))
  const used = sum(withUse.map(node => node.memoryUsedBytes!))
  return (
    <p class="headline">
      {[
        plural(here.length, 'node'),
        `${plural(ready.length, 'model')} serving`,
        withMemory.length === 0
          ? ''
          : withUse.length === withMemory.length
            ? `${bytes(used)} of ${bytes(total)} used`
            : `${bytes(total)} of memory for models`,
      ]
        .filter(Boolean)
        .map(words => (
          <span key={words}>{words}</span>
        ))}
    </p>
  )
}

function Topology() {
  const [isTable, setTable] = useState(false)
  const [openId, setOpenId] = useState<string>()
  const open = useWorld(world => (openId === undefined ? undefined : world.node[openId]))
  const toggle = useCallback((id: string) => setOpenId(old => (old === id ? undefined : id)), [])
  return (
    <div class={open ? 'with-drawer has-drawer' : 'with-drawer'}>
      <Card
        title="Mesh"
        aside={
          <div class="choices" role="group" aria-label="Show as">
            <button type="button" aria-pressed={!isTable} onClick={() => setTable(false)}><Icon name="map" size={16} /> Map</button>
            <button type="button" aria-pressed={isTable} onClick={() => setTable(true)}><Icon name="table" size={16} /> Table</button>
          </div>
        }
      >
        {isTable ? (
          <Listed openId={openId} onOpen={toggle} />
        ) : (
          <>
            <TopologyMap openId={openId} onOpen={toggle} />
            <Legend />
          </>
        )}
      </Card>
      {open && <NodeDrawer key={open.id} node={open} onClose={() => setOpenId(undefined)} />}
    </div>
  )
}

function Listed({ openId, onOpen }: { openId: string | undefined; onOpen: (id: string) => void }) {
  const nodes = Object.values(useWorld(world => world.node))
  return <NodeTable nodes={nodes} onOpen={node => onOpen(node.id)} {...(openId ? { openId } : {})} />
}

/** Explains what is on the map now, and nothing else. */
function Legend() {
  const nodes = Object.values(useWorld(world => world.node))
  const hasSplits = useWorld(world => splitsOf(world.model).length > 0)
  const isRelayed = nodes.some(node => node.path === 'relay' && node.state !== 'lost')
  const hasUse = nodes.some(node => node.memoryUsedBytes !== undefined)
  const isUnknown = nodes.some(node => node.memoryUsedBytes === undefined)
  return (
    <ul class="legend">
      {hasUse && <li><svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true"><circle class="map-ring" r="5.5" /><circle class="map-full" r="5.5" stroke-dasharray="20 40" transform="rotate(-90)" /></svg>memory in use</li>}
      {isUnknown && <li><svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true"><circle class="map-ring is-unknown" r="5.5" /></svg>use not known</li>}
      {isRelayed && <li><svg width="24" height="8" viewBox="0 0 24 8" class="map-line is-relayed" aria-hidden="true"><line x1="0" x2="24" y1="4" y2="4" /></svg>relayed</li>}
      {hasSplits && <li><svg width="24" height="8" viewBox="0 0 24 8" aria-hidden="true"><path class="map-split" d="M0 4H24" /></svg>one model on both</li>}
      {nodes.length > 1 && <li>nearer in time stands nearer</li>}
    </ul>
  )
}

function Charts() {
  const group = useWorld(world => world.request)
  const self = useWorld(world => world.self)
  const now = useNow()
  const slot = Math.floor(now / 5_000)
  const requests = useMemo(() => Object.values(group), [group])
  const all = useMemo(() => buckets(requests, now, BUCKETS, BUCKET_MILLIS), [requests, slot])
  const minute = all.slice(-4)
  const perSecond = sum(minute.map(bucket => bucket.tokens)) / (minute.length * BUCKET_MILLIS / 1_000)
  const answered = sum(all.map(bucket => bucket.answered))
  const failed = sum(all.map(bucket => bucket.failed))
  const knownFrom = all.find(bucket => bucket.isKnown)
  const reach = all[0]!.isKnown ? 'last 15 minutes' : `known since ${knownFrom ? clock(knownFrom.startMillis) : 'now'}`
  return (
    <Card title="Traffic of this node" aside={reach}>
      <div class="chart">
        <p>
          <strong>{figure(perSecond)}</strong> tokens/s <span class="soft">over the last minute</span>
        </p>
        <Bars
          label={`Tokens per second, ${reach}: ${figure(perSecond)} over the last minute`}
          bars={all.map(bucket => ({
            key: bucket.startMillis,
            value: bucket.tokens,
            isKnown: bucket.isKnown,
            title: bucket.isKnown
              ? `${clock(bucket.startMillis)}: ${figure(bucket.tokens / (BUCKET_MILLIS / 1_000))} tokens/s`
              : `${clock(bucket.startMillis)}: unknown`,
          }))}
        />
      </div>
      <div class="chart">
        <p>
          <strong>{count(answered + failed)}</strong> {answered + failed === 1 ? 'request' : 'requests'}
          {failed > 0 && <span class="chart-bad">, {count(failed)} failed</span>}
          {self?.queue !== undefined && <span class="soft"> · {count(self.queue)} waiting now</span>}
        </p>
        <Bars
          label={`Requests, ${reach}: ${answered} answered, ${failed} failed`}
          bars={all.map(bucket => ({
            key: bucket.startMillis,
            value: bucket.answered,
            bad: bucket.failed,
            isKnown: bucket.isKnown,
            title: bucket.isKnown
              ? `${clock(bucket.startMillis)}: ${bucket.answered} answered, ${bucket.failed} failed`
              : `${clock(bucket.startMillis)}: unknown`,
          }))}
        />
      </div>
    </Card>
  )
}

const RECENT = 7

function Recent() {
  const log = useWorld(world => world.log)
  const lines = useMemo(() => log.filter(line => line.level.toLowerCase() !== 'debug').slice(-RECENT).reverse(), [log])
  return (
    <Card title="Lately" aside={hasScreen('events') ? <a href={hrefOf('events')}>all events</a> : undefined}>
      {lines.length === 0 ? <p class="soft">Nothing was logged yet.</p> : <LogLines lines={lines} isBrief />}
    </Card>
  )
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

