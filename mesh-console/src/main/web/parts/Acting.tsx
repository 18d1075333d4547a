// A button for something that the daemon does: it waits while it is asked, and says what the daemon said when it refuses.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Refused } from '../feed/calls'
import { clean } from '../format'

export interface Acts {
  isBusy: boolean
  refused: Refused | undefined
  /** Runs one thing at a time; true when it was done. */
  act: (what: () => Promise<unknown>) => Promise<boolean>
  clear: () => void
}

export function useActs(): Acts {
  const [isBusy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused>()
  const act = async (what: () => Promise<unknown>) => {
    setBusy(true)
    setRefused(undefined)
    try {
      await what()
      return true
    } catch (thrown) {
      setRefused(thrown instanceof Refused ? thrown : new Refused(0, 'page_failed', String(thrown)))
      return false
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, refused, act, clear: () => setRefused(undefined) }
}

/** What was attempted, and the daemon's own words and code. */
export function RefusedNotice({ refused, what }: { refused: Refused | undefined; what: ComponentChildren }) {
  if (!refused) return null
  return (
    <p class="notice tone-bad" role="alert">
      <strong>{what}:</strong> <bdi>{clean(refused.message, 400)}</bdi> <code>{clean(refused.code, 40)}</code>
    </p>
  )
}
