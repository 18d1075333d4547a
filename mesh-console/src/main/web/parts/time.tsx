// Ages that go on by themselves. One timer for all of them; nothing runs while the tab is hidden.

import { useEffect, useState } from 'preact/hooks'
import { current } from '../feed/store'
import { age } from '../format'

const ticking = new Set<() => void>()
let timer: number | undefined

/** The daemon's clock, once a second. */
export function useNow(): number {
  const [, tick] = useState(0)
  useEffect(() => {
    const listener = () => tick(n => n + 1)
    ticking.add(listener)
    timer ??= window.setInterval(() => {
      if (!document.hidden) for (const each of [...ticking]) each()
    }, 1_000)
    return () => {
      ticking.delete(listener)
      if (ticking.size === 0) {
        clearInterval(timer)
        timer = undefined
      }
    }
  }, [])
  return Date.now() + current().skewMillis
}

/** How long ago the daemon's clock showed this. */
export function Age({ since }: { since?: number }) {
  const now = useNow()
  return since === undefined ? <span class="unknown">unknown</span> : <>{age(now - since)}</>
}
