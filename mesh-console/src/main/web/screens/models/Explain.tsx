// Why a model runs as it does: the election's own arithmetic, asked anew whenever the model's state changes.

import { useEffect, useState } from 'preact/hooks'
import { call, Refused } from '../../feed/calls'
import type { Model } from '../../feed/entities'
import { bytes, clean, duration, figure, plural } from '../../format'
import { Meter } from '../../parts/Meter'
import { Name } from '../../parts/Name'
import { Pill, type Tone } from '../../parts/Pill'
import { reasonWords, verdictWords } from './words'

interface Explained {
  outcome: { kind: string }
  reason: string
  needBytes: number
  haveBytes: number
  units: number
  unitBytes: number
  kvBytes: number
  isGuessed: boolean
  forcedBy: string[]
  rttMillisMax: number
  tokenMillisMax: number
  keepsRunning: boolean
  prediction?: { computeMicros: number; hopMicros: number[]; tokenMicros: number; milliTokensPerSecond: number; isAssumed: boolean }
  nodes: Considered[]
}

interface Considered {
  id: string
  name: string
  verdict: string
  reason: string
  budgetBytes: number
  units: number
  unitsBytes: number
  rttMillis: number
  milliTokensPerSecond: number
}

const OUTCOMES: Record<string, string> = {
  solo: 'It runs whole, on one node or on each that has it.',
  split: 'It is split: no single node has the memory for it.',
  waiting: 'It waits.',
  refused: 'It is not run.',
}

const TONES: Record<string, Tone> = { solo: 'good', host: 'good', worker: 'good', passed_over: 'quiet' }

export function Explain({ model }: { model: Model }) {
  const [told, setTold] = useState<Explained | Refused>()
  useEffect(() => {
    let isCurrent = true
    call<Explained>('GET', `explain/${encodeURIComponent(model.name)}`).then(
      said => isCurrent && setTold(said),
      refused => isCurrent && setTold(refused as Refused),
    )
    return () => void (isCurrent = false)
  }, [model.name, model.state, model.reason, model.hosts?.join()])
  if (!told) return null
  if (told instanceof Refused) return <p class="soft">No explanation: {clean(told.message, 200)}</p>
  return (
    <section class="explain" aria-label="Why">
      <h3>Why</h3>
      <p>
        {OUTCOMES[told.outcome.kind] ?? clean(told.outcome.kind, 30)} <span class="soft">{sentence(told)}</span>
      </p>
      {told.needBytes > 0 && <Memory told={told} />}
      {told.prediction && <Token prediction={told.prediction} />}
      <h3>Nodes</h3>
      <ul class="explain-nodes">
        {told.nodes.map(node => (
          <li key={node.id}>
            <div class="explain-node">
              <strong>
                <Name charsMax={24}>{node.name}</Name>
              </strong>
              <Pill tone={TONES[node.verdict] ?? 'quiet'}>{verdictWords(node.verdict)}</Pill>
            </div>
            <p class="soft">{nodeWords(node, told)}</p>
          </li>
        ))}
      </ul>
      <p class="soft explain-limits">
        A split is taken up to {told.rttMillisMax} ms of round trip and {duration(told.tokenMillisMax)} a token.
      </p>
    </section>
  )
}

function sentence(told: Explained): string {
  const words = [reasonWords(told.reason)]
  if (told.forcedBy.length > 0) words.push(`${plural(told.forcedBy.length, 'node')} asked for a split`)
  if (told.keepsRunning) words.push('what runs goes on as it is')
  return words.filter(Boolean).join('; ').replace(/^./, first => first.toUpperCase()) + '.'
}

function Memory({ told }: { told: Explained }) {
  const rest = told.needBytes - told.kvBytes
  return (
    <div class="explain-sum">
      <div class="explain-line">
        <span>Memory</span>
        <span>
          {told.kvBytes > 0 && rest > 0 ? `${bytes(rest)} weights and buffers + ${bytes(told.kvBytes)} context = ` : ''}
          <strong>{bytes(told.needBytes)}</strong>
          {told.isGuessed && <span class="soft"> guessed from its size</span>}
        </span>
      </div>
      {told.haveBytes > 0 && (
        <>
          <Meter label="Memory it needs of what there is for it" part={told.needBytes} whole={told.haveBytes} />
          <div class="explain-line">
            <span>There is</span>
            <span>
              {bytes(told.haveBytes)}
              {told.haveBytes < told.needBytes && <strong class="short"> {bytes(told.needBytes - told.haveBytes)} short</strong>}
            </span>
          </div>
        </>
      )}
    </div>
  )
}

/** One token of one caller: reading the weights, then a round trip for each worker, one after the other. */
function Token({ prediction }: { prediction: NonNullable<Explained['prediction']> }) {
  const parts = [`${millis(prediction.computeMicros)} compute`, ...prediction.hopMicros.map(hop => `${millis(hop)} round trip`)]
  return (
    <div class="explain-sum">
      <div class="explain-line">
        <span>A token</span>
        <span>
          {parts.join(' + ')} = <strong>{millis(prediction.tokenMicros)}</strong>
        </span>
      </div>
      <div class="explain-line">
        <span>So</span>
        <span>
          <strong>{figure(prediction.milliTokensPerSecond / 1_000)} tokens/s</strong>
          {prediction.isAssumed && <span class="soft"> partly assumed: not all speeds are measured</span>}
        </span>
      </div>
    </div>
  )
}

function nodeWords(node: Considered, told: Explained): string {
  return [
    reasonWords(node.reason),
    node.budgetBytes > 0 && `${bytes(node.budgetBytes)} for it`,
    node.units > 0 && `${node.units} of ${told.units} units, ${bytes(node.unitsBytes)}`,
    node.rttMillis >= 0 && `${node.rttMillis} ms to the host`,
    node.milliTokensPerSecond > 0 && `${figure(node.milliTokensPerSecond / 1_000)} tokens/s predicted alone`,
  ]
    .filter(Boolean)
    .join(' · ')
}

function millis(micros: number): string {
  return duration(micros / 1_000)
}
