// What runs for longer than a moment, on every screen: downloads, copies, loads. Gone when there is nothing to tell.

import type { Operation } from '../feed/entities'
import { useWorld } from '../feed/store'
import { bytes, duration, percent, rate } from '../format'
import { Meter } from '../parts/Meter'
import { Name } from '../parts/Name'
import { Pill } from '../parts/Pill'

const SHOWN_MAX = 3

export function OperationStrip() {
  const operations = useWorld(world => world.operation)
  const all = Object.values(operations).sort((a, b) => (a.sinceMillis ?? 0) - (b.sinceMillis ?? 0))
  if (all.length === 0) return null
  return (
    <section class="strip" aria-label="Running operations">
      <ul>
        {all.slice(0, SHOWN_MAX).map(each => (
          <li key={each.id}>
            <One operation={each} />
          </li>
        ))}
      </ul>
      {all.length > SHOWN_MAX && <p class="soft">and {all.length - SHOWN_MAX} more</p>}
    </section>
  )
}

function One({ operation }: { operation: Operation }) {
  const { kind, subject, phase, doneBytes, totalBytes, bytesPerSecond, reason } = operation
  const isFailed = operation.state === 'failed'
  const leftMillis =
    totalBytes !== undefined && doneBytes !== undefined && bytesPerSecond
      ? (1_000 * (totalBytes - doneBytes)) / bytesPerSecond
      : undefined
  return (
    <>
      <Pill tone={isFailed ? 'bad' : 'busy'}>{isFailed ? `${kind} failed` : kind}</Pill>
      <span class="strip-subject">
        <Name charsMax={40}>{subject}</Name>
      </span>
      {isFailed ? (
        <span class="soft">{reason ?? 'no reason given'}</span>
      ) : (
        <>
          <Meter
            label={`${kind} ${subject}`}
            {...(doneBytes === undefined ? {} : { part: doneBytes })}
            {...(totalBytes === undefined ? {} : { whole: totalBytes })}
          />
          <span class="soft strip-words">
            {[
              phase,
              totalBytes !== undefined && doneBytes !== undefined
                ? `${percent(doneBytes, totalBytes)} of ${bytes(totalBytes)}`
                : doneBytes !== undefined && bytes(doneBytes),
              bytesPerSecond !== undefined && rate(bytesPerSecond),
              leftMillis !== undefined && `${duration(Math.ceil(leftMillis / 1_000) * 1_000)} left`,
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </>
      )}
    </>
  )
}
