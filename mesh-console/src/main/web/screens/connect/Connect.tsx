// What to put into a client so that it talks to this mesh: its addresses, and texts that work as they stand.

import { useState } from 'preact/hooks'
import { useWorld } from '../../feed/store'
import { clean } from '../../format'
import { CopyButton, CopyLine } from '../../parts/Copy'
import { Card, Empty, Page } from '../../parts/Page'
import { hrefOf, type Route } from '../../router'
import { hasScreen } from '../screens'
import { CLIENTS, type Client } from './snippets'

const KINDS = ['Terminal', 'Libraries', 'Coding agents', 'Applications']

export default function Connect({ route }: { route: Route }) {
  const apiUrl = useWorld(world => world.self?.apiUrl)
  const models = useWorld(world => world.model)
  const [chosen, setChosen] = useState(route.query.get('model') ?? '')
  const client = CLIENTS.find(each => each.key === route.rest[0]) ?? CLIENTS[0]!
  const ready = Object.values(models)
    .filter(model => model.state === 'ready')
    .sort((a, b) => a.name.localeCompare(b.name))
  const model = chosen === 'auto' || ready.some(each => each.name === chosen) ? chosen : (ready[0]?.name ?? 'auto')
  if (!apiUrl)
    return (
      <Page title="Connect">
        <Empty title="The node has not said where its API is" />
      </Page>
    )
  return (
    <Page
      title="Connect"
      actions={
        <label class="picker-label">
          <span class="soft">Model</span>
          <select class="field" aria-label="Model" value={model} onChange={event => setChosen(event.currentTarget.value)}>
            {ready.map(each => (
              <option key={each.name} value={each.name}>
                {clean(each.name, 48)}
              </option>
            ))}
            <option value="auto">auto, the mesh chooses</option>
          </select>
        </label>
      }
    >
      {ready.length === 0 && (
        <p class="notice tone-warn">
          No model is ready: the texts below name <code>auto</code> and will work once one is.
          {hasScreen('models') && (
            <>
              {' '}
              <a href={hrefOf('models')}>To the models</a>
            </>
          )}
        </p>
      )}
      <Addresses apiUrl={apiUrl} model={model} />
      <div class="connect">
        <nav class="connect-clients" aria-label="Clients">
          {KINDS.map(kind => (
            <section key={kind} aria-label={kind}>
              <h2>{kind}</h2>
              <ul>
                {CLIENTS.filter(each => each.kind === kind).map(each => (
                  <li key={each.key}>
                    <a href={hrefOf('connect', each.key)} aria-current={each === client ? 'true' : undefined}>
                      {each.name}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </nav>
        <Snippets client={client} apiUrl={apiUrl} model={model} />
      </div>
    </Page>
  )
}

function Addresses({ apiUrl, model }: { apiUrl: string; model: string }) {
  return (
    <Card title="Addresses" aside="on this machine; no key is needed, any text will do as one">
      <dl class="connect-addresses">
        {[
          ['OpenAI', `${apiUrl}/v1`],
          ['Anthropic, Ollama', apiUrl],
          ['Model', model],
        ].map(([word, text]) => (
          <div key={word}>
            <dt class="soft">{word}</dt>
            <dd>
              <CopyLine text={text!} what={word === 'Model' ? 'the model’s name' : `the address for ${word} clients`} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function Snippets({ client, apiUrl, model }: { client: Client; apiUrl: string; model: string }) {
  return (
    <section class="connect-texts" aria-label={client.name}>
      {client.snippets(apiUrl, model).map(({ title, text }) => (
        <div key={client.key + title} class="code">
          <div class="code-head">
            <span class="soft">{title}</span>
            <CopyButton text={text} what={`${client.name}, ${title}`} />
          </div>
          <pre tabIndex={0} role="region" aria-label={`${client.name}, ${title}`}>
            <code>{text}</code>
          </pre>
        </div>
      ))}
      {client.note && <p class="soft">{client.note}</p>}
    </section>
  )
}
