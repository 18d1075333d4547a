// Lines of the daemon's log: when, how bad, which event, its keys. Values are shown as they are, as text.

import { lineKey, type LogLine } from '../feed/entities'
import { clean, clock } from '../format'
import { Pill, type Tone } from './Pill'

const TONES: Record<string, Tone> = { error: 'bad', warn: 'warn', info: 'quiet', debug: 'quiet' }
const OWN_KEYS = new Set(['atMillis', 'level', 'event', 'number', 'time'])
const VALUE_CHARS_MAX = 200
const BRIEF_KEYS_MAX = 3
const BRIEF_CHARS_MAX = 28

export function LogLines({ lines, isBrief = false }: { lines: LogLine[]; isBrief?: boolean }) {
  return (
    <ol class={isBrief ? 'log-lines is-brief' : 'log-lines'}>
      {lines.map(line => (
        <li key={lineKey(line)} class={isTrouble(line) ? 'log-line is-trouble' : 'log-line'}>
          <time dateTime={new Date(line.atMillis).toISOString()}>{clock(line.atMillis)}</time>
          {!(isBrief && line.level.toLowerCase() === 'info') && <Pill tone={TONES[line.level.toLowerCase()] ?? 'quiet'}>{clean(line.level, 8).toLowerCase()}</Pill>}
          <code class="log-event">{clean(line.event, 60)}</code>
          <span class="log-keys">
            {keysOf(line)
              .slice(0, isBrief ? BRIEF_KEYS_MAX : undefined)
              .map(([key, value]) => (
                <span key={key} class={key === 'reason' || key === 'cause' ? 'log-key is-reason' : 'log-key'}>
                  <span class="soft">{clean(key, 40)}=</span>
                  <bdi>{clean(value, isBrief ? BRIEF_CHARS_MAX : VALUE_CHARS_MAX)}</bdi>
                </span>
              ))}
          </span>
        </li>
      ))}
    </ol>
  )
}

function isTrouble(line: LogLine): boolean {
  return line.level.toLowerCase() === 'warn' || line.level.toLowerCase() === 'error'
}

export function keysOf(line: LogLine): [string, string][] {
  return Object.entries(line)
    .filter(([key, value]) => !OWN_KEYS.has(key) && value !== undefined && value !== null && value !== '')
    .map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)])
}
