// Which model answers, who serves it, and what it is told before everything else. The node that wrote the last answer,
// or writes one now, is marked.

import { useMemo } from 'preact/hooks'
import type { Model } from '../../feed/entities'
import { useWorld } from '../../feed/store'
import { clean, count, plural } from '../../format'
import { Name } from '../../parts/Name'
import { path, type Conversation } from './conversation'
import { sees } from './sight'
import { alter, useTalk } from './talk'

interface Fresh {
  model: string
  system: string
}

interface Given {
  conversation: Conversation | undefined
  fresh: Fresh
  onFresh: (fresh: Fresh) => void
}

const ORDER = ['ready', 'loading', 'waiting', 'cold', 'failed']

export function Picker({ conversation, fresh, onFresh }: Given) {
  const models = useWorld(world => world.model)
  const sorted = useMemo(() => Object.values(models).sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name)), [models])
  const { model, system } = conversation ?? fresh
  const set = (what: Partial<Fresh>) => (conversation ? alter(conversation.id, what) : onFresh({ ...fresh, ...what }))
  return (
    <>
      <div class="picker">
        <label class="picker-label">
          <span class="soft">Model</span>
          <select class="field" aria-label="Model" value={model} onChange={event => set({ model: event.currentTarget.value })}>
            <option value="auto">auto, the mesh chooses</option>
            {sorted.map(each => (
              <option key={each.name} value={each.name}>
                {optionWords(each)}
              </option>
            ))}
            {model !== 'auto' && !models[model] && <option value={model}>{clean(model)}, not in this mesh now</option>}
          </select>
        </label>
        <Hosts conversation={conversation} model={model} />
        <details class="picker-more">
          <summary class="button button-quiet">{system.trim() ? 'System text set' : 'System text'}</summary>
          <label>
            <span class="soft">Told to the model before everything else</span>
            <textarea class="field" rows={3} dir="auto" value={system} onChange={event => set({ system: event.currentTarget.value })} />
          </label>
        </details>
      </div>
    </>
  )
}

function optionWords(model: Model): string {
  const words = [clean(model.name, 48)]
  if (model.state !== 'ready') words.push(clean(model.state, 16))
  else if ((model.hosts?.length ?? 0) > 1) words.push(plural(model.hosts!.length, 'node'))
  if (sees(model)) words.push('sees')
  return words.join(', ')
}

function Hosts({ conversation, model }: { conversation: Conversation | undefined; model: string }) {
  const group = useWorld(world => world.node)
  const models = useWorld(world => world.model)
  const isWriting = useTalk(talk => (conversation ? talk.writing[conversation.id] !== undefined : false))
  const answer = conversation && path(conversation).findLast(turn => turn.role === 'assistant')?.answer
  const serving = models[model === 'auto' ? (answer?.model ?? '') : model]
  const names = (serving?.hosts ?? []).map(id => group[id]?.name ?? id)
  if (answer?.node && model === 'auto' && !names.includes(answer.node)) names.push(answer.node)
  if (names.length === 0) return null
  const isShown = answer?.node !== undefined && (model === 'auto' || answer.model === model)
  return (
    <ul class="picker-hosts" aria-label="Served by">
      {names.map(name => {
        const answers = isShown && name === answer?.node
        return (
          <li key={name} class={answers ? 'answers' : undefined} {...(answers ? { 'data-answers': clean(name) } : {})}>
            <Name charsMax={24}>{name}</Name>
            {answers && <span>{isWriting ? ' answers' : ' answered'}</span>}
          </li>
        )
      })}
      {serving?.contextTokens && <li class="soft plain">{count(serving.contextTokens)} tokens of context</li>}
    </ul>
  )
}
