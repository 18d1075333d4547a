// One value for the whole page, replaced and never changed in place. Screens pick what they show and are drawn again
// only when that very thing was replaced.

import { useLayoutEffect, useReducer, useRef } from 'preact/hooks'
import { NO_GROUPS, type Groups, type LogLine } from './entities'

/** How the page stands with its daemon. `waiting` means lost, and asked again at `retryMillis` of this machine's clock. */
export interface Link {
  state: 'connecting' | 'live' | 'waiting' | 'paused'
  failures: number
  lostMillis?: number
  retryMillis?: number
}

export interface World extends Groups {
  link: Link
  /** The daemon's clock less this machine's. */
  skewMillis: number
  /** When the daemon last said anything, by its clock; absent before the first word. */
  atMillis?: number
  log: LogLine[]
}

let world: World = { ...NO_GROUPS, link: { state: 'connecting', failures: 0 }, skewMillis: 0, log: [] }
const listeners = new Set<() => void>()

export function current(): World {
  return world
}

export function change(next: Partial<World>) {
  world = { ...world, ...next }
  for (const listener of [...listeners]) listener()
}

export function useWorld<T>(pick: (world: World) => T): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const latest = useRef({ pick, picked: undefined as T | undefined })
  const picked = pick(world)
  latest.current = { pick, picked }
  useLayoutEffect(() => {
    const listener = () => {
      const { pick, picked } = latest.current
      if (!Object.is(pick(world), picked)) redraw(undefined as never)
    }
    listeners.add(listener)
    listener()
    return () => void listeners.delete(listener)
  }, [])
  return picked
}
