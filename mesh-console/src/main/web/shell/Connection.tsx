// How the line to the node stands: a pill that is always there, and a banner as long as it is lost, with the age of
// everything below it.

import { retryNow } from '../feed/feed'
import { useWorld } from '../feed/store'
import { age, clock } from '../format'
import { Pill } from '../parts/Pill'
import { Icon } from '../parts/icons'
import { useNow } from '../parts/time'

/** After so many attempts in vain nobody should expect the next one to help. */
const OFFLINE_AFTER = 4

export function Connection() {
  const link = useWorld(world => world.link)
  return (
    <div class="connection" role="status">
      {link.state === 'live' && <Pill tone="good">live</Pill>}
      {link.state === 'paused' && <Pill tone="quiet">paused</Pill>}
      {link.state === 'connecting' && <Pill tone="busy">{link.failures === 0 ? 'connecting' : 'reconnecting'}</Pill>}
      {link.state === 'waiting' && <Waiting failures={link.failures} retryMillis={link.retryMillis!} />}
    </div>
  )
}

function Waiting({ failures, retryMillis }: { failures: number; retryMillis: number }) {
  useNow()
  const seconds = Math.max(1, Math.ceil((retryMillis - Date.now()) / 1_000))
  return failures < OFFLINE_AFTER ? (
    <Pill tone="warn">
      reconnecting <span aria-hidden="true">{seconds} s</span>
    </Pill>
  ) : (
    <Pill tone="bad">offline</Pill>
  )
}

export function LostBanner() {
  const link = useWorld(world => world.link)
  const atMillis = useWorld(world => world.atMillis)
  if (link.lostMillis === undefined || link.state === 'live') return null
  return <Lost lostMillis={link.lostMillis} {...(atMillis === undefined ? {} : { atMillis })} />
}

function Lost({ lostMillis, atMillis }: { lostMillis: number; atMillis?: number }) {
  useNow()
  return (
    <div class="banner" role="alert">
      <Icon name="warn" />
      <p>
        <strong>The node does not answer.</strong>{' '}
        <span aria-live="off">
          Lost {age(Date.now() - lostMillis)}.{' '}
          {atMillis === undefined ? 'Nothing was heard yet.' : `What stands below is as of ${clock(atMillis)}.`}
        </span>
      </p>
      <button type="button" class="button" onClick={retryNow}>
        Try now
      </button>
    </div>
  )
}
