// Who else may come in, as what, until when; and which invitations are out.

import { useCallback, useEffect, useState } from 'preact/hooks'
import { call } from '../../feed/calls'
import { current, useWorld } from '../../feed/store'
import { clean, count, duration } from '../../format'
import { RefusedNotice, useActs } from '../../parts/Acting'
import { Confirm } from '../../parts/Confirm'
import { CopyLine } from '../../parts/Copy'
import { Card, Page } from '../../parts/Page'
import { Pill, type Tone } from '../../parts/Pill'
import { Table } from '../../parts/Table'
import { useNow } from '../../parts/time'
import { Join } from './Join'
import { QrCode } from './QrCode'

interface Issued {
  id: string
  role: string
  expires: string
  /** 0: as often as it is wanted. */
  uses: number
  used: number
  state: string
}

interface Made extends Issued {
  token: string
  command?: string
  qr?: string[]
}

const ROLES: [role: string, word: string, means: string][] = [
  ['client', 'Client', 'Asks the models of the mesh. Lends nothing, needs no GPU.'],
  ['serve', 'Server', 'Answers whole requests for others as well.'],
  ['split', 'Split', 'Lends its memory to models that fit on no single machine. Who takes part in a split can run code on the others: for machines you trust.'],
  ['admin', 'Admin', 'Invites others and puts nodes out of the mesh as well.'],
]
const HOUR = 3_600
const TERMS: [seconds: number, word: string][] = [
  [HOUR, 'an hour'],
  [24 * HOUR, 'a day'],
  [7 * 24 * HOUR, 'a week'],
  [30 * 24 * HOUR, '30 days'],
]
const USES: [uses: number, word: string][] = [
  [1, 'one machine'],
  [5, '5 machines'],
  [20, '20 machines'],
  [0, 'any number'],
]
/** Uses of an invitation are not in the feed; a machine that comes in is. */
const LOOK_MILLIS = 5_000

export default function Invite() {
  const role = useWorld(world => world.self?.role)
  const [issued, setIssued] = useState<Issued[]>()
  const nodes = useWorld(world => Object.keys(world.node).length)
  const look = useCallback(() => call<Issued[]>('GET', 'invites').then(setIssued, () => undefined), [])
  useEffect(() => void look(), [nodes])
  useEffect(() => {
    const timer = setInterval(() => document.hidden || void look(), LOOK_MILLIS)
    return () => clearInterval(timer)
  }, [])
  return (
    <Page title="Invite">
      {role === undefined || role === 'admin' ? (
        <Create onMade={look} />
      ) : (
        <p class="notice tone-warn">This node is a {clean(role, 20)} of its mesh and may let nobody in. A node whose role is admin can.</p>
      )}
      {issued && issued.length > 0 && (
        <Card title="Invitations of this node">
          <Invitations issued={issued} onChanged={look} />
        </Card>
      )}
      <Join />
    </Page>
  )
}

function Create({ onMade }: { onMade: () => void }) {
  const [role, setRole] = useState('split')
  const [seconds, setSeconds] = useState(24 * HOUR)
  const [uses, setUses] = useState(1)
  const [made, setMade] = useState<Made>()
  const { isBusy, refused, act } = useActs()
  const create = () =>
    act(async () => {
      setMade(await call<Made>('POST', 'invites', { role, uses, expiresSeconds: seconds }))
      onMade()
    })
  return (
    <Card title="Let a machine in">
      <div class={made ? 'invite has-made' : 'invite'}>
        <form
          class="invite-form"
          onSubmit={event => {
            event.preventDefault()
            void create()
          }}
        >
          <fieldset class="invite-roles">
            <legend class="soft">It comes in as</legend>
            {ROLES.map(([each, word, means]) => (
              <label key={each} class={each === role ? 'invite-role is-chosen' : 'invite-role'}>
                <input type="radio" name="role" value={each} checked={each === role} onChange={() => setRole(each)} />
                <span>
                  <strong>{word}</strong>
                  <span class="soft">{means}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <div class="invite-terms">
            <label>
              <span class="soft">Good for</span>
              <select class="field" value={seconds} onChange={event => setSeconds(Number(event.currentTarget.value))}>
                {TERMS.map(([each, word]) => (
                  <option key={each} value={each}>
                    {word}
                  </option>
                ))}
              </select>
            </label>
            <label>
              <span class="soft">Lets in</span>
              <select class="field" value={uses} onChange={event => setUses(Number(event.currentTarget.value))}>
                {USES.map(([each, word]) => (
                  <option key={each} value={each}>
                    {word}
                  </option>
                ))}
              </select>
            </label>
            <button type="submit" class="button button-main" disabled={isBusy}>
              {isBusy ? 'Making …' : 'Create the invitation'}
            </button>
          </div>
          <RefusedNotice refused={refused} what="No invitation" />
        </form>
        {made && <MadeView made={made} />}
      </div>
    </Card>
  )
}

function MadeView({ made }: { made: Made }) {
  return (
    <section class="invite-made" aria-label="The invitation" aria-live="polite">
      {made.qr && <QrCode rows={made.qr} label="The command as a QR code" />}
      <div class="invite-texts">
        <p>
          Run this on the other machine. Whoever has it can use it: send it as you would send a password. It is shown once.
        </p>
        <CopyLine text={made.command ?? `mesh --join ${made.token}`} what="the command" />
        <p class="soft">Or only the invitation, to be looked at in another node’s console:</p>
        <CopyLine text={made.token} what="the invitation" />
      </div>
    </section>
  )
}

function Invitations({ issued, onChanged }: { issued: Issued[]; onChanged: () => Promise<unknown> | void }) {
  const [asked, setAsked] = useState<Issued>()
  const { refused, act } = useActs()
  const rows = [...issued].sort((a, b) => order(a) - order(b) || b.expires.localeCompare(a.expires))
  return (
    <>
      <RefusedNotice refused={refused} what="Not revoked" />
      <Table
        caption="Invitations of this node"
        rows={rows}
        keyOf={each => each.id}
        columns={[
          { title: 'Lets in as', cell: each => <strong>{ROLES.find(([role]) => role === each.role)?.[1] ?? clean(each.role, 20)}</strong>, by: each => each.role },
          { title: 'State', cell: each => <State issued={each} />, by: order },
          { title: 'Used', cell: usedWords, by: each => each.used, isFigure: true },
          { title: 'Ends', cell: each => <Ends expires={each.expires} />, by: each => each.expires },
          { title: 'Number', cell: each => <code>{clean(each.id, 12)}</code> },
          {
            title: 'Action',
            cell: each =>
              stateOf(each) === 'open' && (
                <button type="button" class="button button-quiet" onClick={() => setAsked(each)}>
                  Revoke
                </button>
              ),
          },
        ]}
      />
      {asked && (
        <Confirm
          title="Revoke this invitation?"
          act="Revoke"
          isBad
          onNo={() => setAsked(undefined)}
          onYes={() => {
            setAsked(undefined)
            void act(async () => {
              await call('DELETE', `invites/${encodeURIComponent(asked.id)}`)
              await onChanged()
            })
          }}
        >
          <p class="soft">Nobody comes in with it any more. Machines that are in stay in.</p>
        </Confirm>
      )}
    </>
  )
}

function stateOf(issued: Issued): string {
  const isOver = Date.parse(issued.expires) < Date.now() + current().skewMillis
  return issued.state === 'open' && isOver ? 'ended' : issued.state
}

const STATES: Record<string, [Tone, string]> = {
  open: ['good', 'open'],
  used_up: ['quiet', 'used up'],
  revoked: ['bad', 'revoked'],
  ended: ['quiet', 'ended'],
}

function State({ issued }: { issued: Issued }) {
  const [tone, word] = STATES[stateOf(issued)] ?? ['quiet', clean(issued.state, 20)]
  return <Pill tone={tone}>{word}</Pill>
}

function order(issued: Issued): number {
  return Object.keys(STATES).indexOf(stateOf(issued))
}

function usedWords(issued: Issued): string {
  return issued.uses === 0 ? count(issued.used) : `${count(issued.used)} of ${count(issued.uses)}`
}

function Ends({ expires }: { expires: string }) {
  const left = Date.parse(expires) - useNow()
  return <time dateTime={expires}>{left > 0 ? `in ${duration(Math.ceil(left / 60_000) * 60_000)}` : 'over'}</time>
}
