// The last requests that this node relayed, for its own callers and for other nodes: where each went, by which way, what
// was tried, how long each part took. Never a word of what was asked.

import { useMemo, useState } from 'preact/hooks'
import type { Relayed } from '../../feed/entities'
import { useWorld } from '../../feed/store'
import { clean, clock, count, duration, figure, plural } from '../../format'
import { CopyButton } from '../../parts/Copy'
import { Drawer } from '../../parts/Drawer'
import { Name } from '../../parts/Name'
import { Card, Empty, Facts, Page } from '../../parts/Page'
import { Pill, type Tone } from '../../parts/Pill'
import { Table } from '../../parts/Table'
import { endMillis, isFailed, REQUESTS_MAX, tokensPerSecond } from '../../parts/traffic'
import { hrefOf, type Route } from '../../router'
import { TimeLine } from './TimeLine'

type Shown = 'all' | 'failed' | 'retried'

export default function Activity({ route }: { route: Route }) {
  const group = useWorld(world => world.request)
  const [shown, setShown] = useState<Shown>('all')
  const requests = useMemo(() => Object.values(group).sort((a, b) => b.startedMillis - a.startedMillis), [group])
  const rows = requests.filter(
    request => shown === 'all' || (shown === 'failed' ? outcome(request).tone !== 'good' : (request.attempts?.length ?? 0) > 1),
  )
  const openId = route.rest[0]
  const open = openId === undefined ? undefined : group[openId]
  const go = (id?: string) => void (location.hash = id ? hrefOf('activity', id) : hrefOf('activity'))
  return (
    <Page
      title="Activity"
      actions={
        <div class="choices" role="group" aria-label="Show">
          {(['all', 'failed', 'retried'] as Shown[]).map(each => (
            <button key={each} type="button" aria-pressed={shown === each} onClick={() => setShown(each)}>
              {each}
            </button>
          ))}
        </div>
      }
    >
      {requests.length === 0 ? (
        <Empty title="No request yet">
          <p>What goes through this node's API shows here: which node answered, how fast, and why there.</p>
        </Empty>
      ) : (
        <div class={open ? 'with-drawer has-drawer' : 'with-drawer'}>
          <Card
            title="Requests"
            aside={requests.length >= REQUESTS_MAX ? `the last ${REQUESTS_MAX}` : plural(requests.length, 'request')}
          >
            {rows.length === 0 ? (
              <p class="soft">None of them {shown === 'failed' ? 'failed' : 'was tried twice'}.</p>
            ) : (
              <Requests rows={rows} openId={openId} onOpen={request => go(request.id === openId ? undefined : request.id)} />
            )}
          </Card>
          {open && <RequestDrawer key={open.id} request={open} onClose={() => go()} />}
        </div>
      )}
    </Page>
  )
}

interface RowsGiven {
  rows: Relayed[]
  openId: string | undefined
  onOpen: (request: Relayed) => void
}

function Requests({ rows, openId, onOpen }: RowsGiven) {
  return (
    <Table
      caption="The last relayed requests"
      rows={rows}
      keyOf={request => request.id}
      onOpen={onOpen}
      {...(openId ? { openKey: openId } : {})}
      columns={[
        { title: 'Time', cell: request => clock(request.startedMillis), by: request => request.startedMillis },
        { title: 'Outcome', cell: request => <Outcome request={request} />, by: request => outcome(request).word },
        { title: 'Model', cell: request => <Name charsMax={28}>{request.model}</Name>, by: request => request.model },
        { title: 'Node', cell: request => <Name charsMax={24}>{request.node}</Name>, by: request => request.node },
        { title: 'Route', cell: request => <Way request={request} />, by: request => request.route },
        { title: 'Queue', cell: request => duration(request.queuedMillis), by: request => request.queuedMillis, isFigure: true },
        { title: 'First token', cell: request => duration(firstMillis(request)), by: firstMillis, isFigure: true },
        { title: 'Tokens/s', cell: request => figure(tokensPerSecond(request)), by: tokensPerSecond, isFigure: true },
        { title: 'Tokens', cell: request => <Tokens request={request} />, by: request => request.answerTokens, isFigure: true },
        { title: 'Total', cell: request => duration(request.totalMillis), by: request => request.totalMillis, isFigure: true },
      ]}
    />
  )
}

function firstMillis(request: Relayed): number | undefined {
  return request.firstByteMillis === undefined || request.firstByteMillis < 0 ? undefined : request.firstByteMillis
}

function outcome(request: Relayed): { tone: Tone; word: string } {
  if (request.ending === 'client_gone') return { tone: 'warn', word: 'caller left' }
  if (request.ending === 'cut') return { tone: 'bad', word: 'cut off' }
  if (isFailed(request)) return { tone: 'bad', word: `failed ${request.status}` }
  if (request.status >= 400) return { tone: 'warn', word: `refused ${request.status}` }
  return { tone: 'good', word: 'answered' }
}

function Outcome({ request }: { request: Relayed }) {
  const { tone, word } = outcome(request)
  return <Pill tone={tone}>{word}</Pill>
}

function Way({ request }: { request: Relayed }) {
  const tries = request.attempts?.length ?? 0
  return (
    <>
      {request.route ? clean(request.route, 16) : <span class="unknown">none</span>}
      {tries > 1 && <span class="soft">, {tries} tries</span>}
    </>
  )
}

function Tokens({ request }: { request: Relayed }) {
  const { promptTokens, answerTokens } = request
  if (!promptTokens && !answerTokens) return <span class="unknown">unknown</span>
  return (
    <>
      {count(promptTokens)} → {count(answerTokens)}
    </>
  )
}

function RequestDrawer({ request, onClose }: { request: Relayed; onClose: () => void }) {
  return (
    <Drawer title={<Name charsMax={40}>{request.model}</Name>} label={`Request ${clean(request.id)}`} onClose={onClose}>
      <div class="drawer-states">
        <Outcome request={request} />
        {request.stream && <Pill tone="quiet">streamed</Pill>}
      </div>
      <TimeLine request={request} />
      <section aria-label="Attempts">
        <h3>Attempts</h3>
        <ol class="attempts">
          {(request.attempts ?? []).map((attempt, at) => (
            <li key={at}>
              <Pill tone={attempt.outcome === 'answered' ? 'good' : 'bad'}>{clean(attempt.outcome, 32)}</Pill>
              <strong>
                <Name charsMax={24}>{attempt.node}</Name>
              </strong>
              <span class="soft">
                {[attempt.why && clean(attempt.why, 32), duration(attempt.millis)].filter(Boolean).join(', ')}
              </span>
            </li>
          ))}
        </ol>
        {(request.attempts ?? []).length === 0 && <p class="soft">No node was asked.</p>}
      </section>
      <Facts
        of={[
          ['Began', `${clock(request.startedMillis)}, ended ${clock(endMillis(request))}`],
          ['Call', <code>{clean(request.path, 60)}</code>],
          ['Asked by', request.askedBy ? <Asker said={request.askedBy} /> : 'a caller of this node'],
          ['Route', request.route ? clean(request.route, 16) : 'none'],
          ['Why there', request.why ? <code>{clean(request.why, 40)}</code> : <span class="unknown">unknown</span>],
          ['Prompt', promptWords(request)],
          ['Answer', request.answerTokens ? plural(request.answerTokens, 'token') : 'unknown'],
          [
            'Id',
            <span class="id">
              <code>{clean(request.id, 40)}</code>
              <CopyButton text={request.id} what="the id" />
            </span>,
          ],
        ]}
      />
    </Drawer>
  )
}

/** A node that is still known has a name. */
function Asker({ said }: { said: string }) {
  const name = useWorld(world => world.node[said]?.name)
  return name ? <Name>{name}</Name> : <code>{clean(said, 12)}</code>
}

function promptWords({ promptTokens, cachedTokens }: Relayed): string {
  if (!promptTokens) return 'unknown'
  return plural(promptTokens, 'token') + (cachedTokens ? `, ${count(cachedTokens)} of them remembered` : '')
}
