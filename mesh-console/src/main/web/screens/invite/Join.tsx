// An invitation from elsewhere, looked at before it is used: as what one would come in, what one gives and sees. Reading
// it asks nobody; joining takes this node over with its models, or changes nothing.

import { useState } from 'preact/hooks'
import { call } from '../../feed/calls'
import { clean, count } from '../../format'
import { RefusedNotice, useActs } from '../../parts/Acting'
import { JoinNow } from '../../parts/JoinNow'
import { Card, Facts } from '../../parts/Page'

interface Preview {
  meshId: string
  issuer: string
  role: string
  expires: string
  /** 0: as often as it is wanted. */
  uses: number
  addresses: string[]
  /** This node is in that mesh already. */
  isMember: boolean
  gives: string[]
  sees: string[]
  command: string
}

/** People paste the command, or the invitation with something around it. */
const TOKEN = /mesh1\.[A-Za-z0-9_-]+/

const tokenIn = (text: string) => TOKEN.exec(text)?.[0] ?? text.trim()

export function Join() {
  const [text, setText] = useState('')
  const [preview, setPreview] = useState<Preview>()
  const { isBusy, refused, act } = useActs()
  const look = () =>
    act(async () => {
      setPreview(undefined)
      setPreview(await call<Preview>('POST', 'join/preview', { token: tokenIn(text) }))
    })
  return (
    <Card title="Join another mesh">
      <form
        class="join"
        onSubmit={event => {
          event.preventDefault()
          if (text.trim()) void look()
        }}
      >
        <textarea
          class="field"
          rows={2}
          aria-label="Invitation"
          placeholder="Paste an invitation: mesh1.… or mesh --join mesh1.…"
          spellcheck={false}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={isBusy || !text.trim()}>
          Look at it
        </button>
      </form>
      <RefusedNotice refused={refused} what="This is no invitation to use" />
      {preview && <Meaning key={preview.command} preview={preview} />}
    </Card>
  )
}

function Meaning({ preview }: { preview: Preview }) {
  return (
    <section class="meaning" aria-label="What it means" aria-live="polite">
      {preview.isMember && <p class="notice tone-warn">This node is in that mesh already.</p>}
      <div class="meaning-lists">
        <Facts
          of={[
            ['Comes in as', <strong>{clean(preview.role, 20)}</strong>],
            ['Mesh', <code>{clean(preview.meshId, 20)}</code>],
            ['From', <code>{clean(preview.issuer, 20)}</code>],
            ['Ends', new Date(preview.expires).toLocaleString('en-GB')],
            ['Lets in', preview.uses === 0 ? 'any number' : count(preview.uses)],
            ['Dials', preview.addresses.map(each => clean(each, 60)).join(', ') || 'nobody'],
          ]}
        />
        <Points title="You give" points={preview.gives} />
        <Points title="You see" points={preview.sees} />
      </div>
      {!preview.isMember && <JoinNow token={tokenIn(preview.command)} command={preview.command} act="Join with this node" what="the command to join" />}
    </section>
  )
}

function Points({ title, points }: { title: string; points: string[] }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <ul class="points">
        {points.map(point => (
          <li key={point}>{clean(point, 160)}</li>
        ))}
      </ul>
    </section>
  )
}
