// Where the time of one request went: waiting, until the first byte, until the last. Parts that are not known are left out.

import type { Relayed } from '../../feed/entities'
import { duration } from '../../format'

export function TimeLine({ request }: { request: Relayed }) {
  const total = request.totalMillis
  if (!total) return null
  const queued = Math.min(total, request.queuedMillis ?? 0)
  const hasFirst = request.firstByteMillis !== undefined && request.firstByteMillis >= 0
  const first = hasFirst ? Math.min(total, request.firstByteMillis!) : total
  const parts = [
    { word: 'waiting', name: 'queue', millis: queued },
    { word: hasFirst ? 'until the first byte' : 'without an answer', name: 'first', millis: Math.max(0, first - queued) },
    { word: 'writing', name: 'rest', millis: hasFirst ? total - first : 0 },
  ].filter(part => part.millis > 0)
  return (
    <div class="time-line">
      <div class="time-line-bar" aria-hidden="true">
        {parts.map(part => (
          <span key={part.name} class={`time-line-${part.name}`} style={{ flexGrow: part.millis }} />
        ))}
      </div>
      <ul>
        {parts.map(part => (
          <li key={part.name}>
            <span class={`time-line-key time-line-${part.name}`} aria-hidden="true" /> {part.word} {duration(part.millis)}
          </li>
        ))}
      </ul>
    </div>
  )
}
