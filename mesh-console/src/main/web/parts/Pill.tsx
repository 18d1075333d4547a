// A state as shape and word. The tone colours it; the word says it.

import { Mark } from './icons'

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet'

export function Pill({ tone, children, title }: { tone: Tone; children: preact.ComponentChildren; title?: string }) {
  return (
    <span class={`pill tone-${tone}`} title={title}>
      <svg width="10" height="10" viewBox="-1 -1 2 2" aria-hidden="true">
        <Mark state={tone} />
      </svg>
      {children}
    </span>
  )
}

const NODE_TONES: Record<string, Tone> = { self: 'good', alive: 'good', suspect: 'warn', lost: 'bad' }
const MODEL_TONES: Record<string, Tone> = {
  ready: 'good',
  loading: 'busy',
  downloading: 'busy',
  waiting: 'warn',
  failed: 'bad',
  cold: 'quiet',
}

export function nodeTone(state: string): Tone {
  return NODE_TONES[state] ?? 'quiet'
}

export function modelTone(state: string): Tone {
  return MODEL_TONES[state] ?? 'quiet'
}
