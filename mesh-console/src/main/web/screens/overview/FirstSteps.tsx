// Where the API is, and what is worth doing next: only what has not happened yet. Put away, it leaves the address.

import { useState } from 'preact/hooks'
import { useWorld } from '../../feed/store'
import { clean } from '../../format'
import { CopyButton, CopyLine } from '../../parts/Copy'
import { Card } from '../../parts/Page'
import { hrefOf } from '../../router'
import { hasScreen } from '../screens'

const KEY = 'mesh.stepsAway'
/** Enough to recognise the command; the invite in it is a secret. */
const COMMAND_CHARS = 24

export function FirstSteps() {
  const self = useWorld(world => world.self)
  const models = Object.values(useWorld(world => world.model))
  const nodes = Object.values(useWorld(world => world.node))
  const hasAsked = useWorld(world => Object.keys(world.request).length > 0)
  const [isAway, setAway] = useState(() => sessionStorage.getItem(KEY) === '1')
  if (!self) return null
  const ready = models.find(model => model.state === 'ready')
  const coming = models.find(model => model.state === 'loading')
  const steps = [
    !ready && !coming && (
      <Step key="load" title="Serve a model">
        <p class="soft">A small one is made on the spot, to see it all work; real ones come by name.</p>
        {hasScreen('models') && <a class="button" href={hrefOf('models')}>Choose a model</a>}
        <CopyLine text="mesh load demo" what="the command" />
      </Step>
    ),
    ready && !hasAsked && (
      <Step key="ask" title="Ask it something">
        <p class="soft">With any client of OpenAI, Anthropic or Ollama, here, or in a terminal:</p>
        {hasScreen('chat') && <a class="button" href={hrefOf('chat')}>Open the chat</a>}
        <CopyLine text={curl(self.apiUrl ?? '', ready.name)} what="the call" />
      </Step>
    ),
    nodes.length <= 1 && (
      <Step key="join" title="Add a second machine">
        <p class="soft">What does not fit on one fits on both; what fits runs on each.</p>
        {hasScreen('invite') && <a class="button" href={hrefOf('invite')}>Invite</a>}
        {self.joinCommand ? <CopyLine text={self.joinCommand} shown={`${self.joinCommand.slice(0, COMMAND_CHARS)}…`} what="the command" /> : <CopyLine text="mesh invite create" what="the command" />}
      </Step>
    ),
  ].filter(Boolean)
  const showsSteps = steps.length > 0 && !isAway
  return (
    <Card
      title="Your API"
      aside={
        steps.length > 0 && (
          <button
            type="button"
            class="button button-quiet"
            aria-expanded={showsSteps}
            onClick={() => {
              sessionStorage.setItem(KEY, isAway ? '0' : '1')
              setAway(!isAway)
            }}
          >
            {isAway ? 'What to do next' : 'Put the steps away'}
          </button>
        )
      }
    >
      {self.apiUrl ? (
        <div class="api-address">
          <code>{self.apiUrl}/v1</code>
          <CopyButton text={`${self.apiUrl}/v1`} what="the API's address" />
          <span class="soft">for any client of OpenAI, Anthropic or Ollama; no key from this machine</span>
        </div>
      ) : (
        <p class="unknown">The node has not said where its API is.</p>
      )}
      {showsSteps && <ol class="steps">{steps}</ol>}
    </Card>
  )
}

function Step({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <li class="step">
      <h3>{title}</h3>
      {children}
    </li>
  )
}

/** Quoted for a shell: a model's name is somebody else's text. */
function curl(apiUrl: string, model: string): string {
  const body = JSON.stringify({ model: clean(model, 200), messages: [{ role: 'user', content: 'Hello' }] })
  return `curl ${apiUrl}/v1/chat/completions -H 'content-type: application/json' -d '${body.replaceAll("'", `'\\''`)}'`
}
