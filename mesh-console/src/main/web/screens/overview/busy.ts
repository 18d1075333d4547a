// The nodes that requests went over within the last seconds, by what the daemon relayed.

import { useMemo } from 'preact/hooks'
import { current, useWorld } from '../../feed/store'
import { useNow } from '../../parts/time'
import { endMillis } from '../../parts/traffic'

/** A request counts as moving for a moment after its end, so that a short one is seen at all. */
const AFTERGLOW_MILLIS = 4_000

/** Their ids; the same value as long as they are the same nodes. */
export function useBusy(): string[] {
  const requests = useWorld(world => world.request)
  const now = useNow()
  const ids = busyOf(Object.values(requests).filter(request => now - endMillis(request) <= AFTERGLOW_MILLIS).flatMap(each => [each.node, each.askedBy]))
  return useMemo(() => ids, [ids.join()])
}

/** A request names a node by its id or, of its own callers, by its name. */
function busyOf(said: (string | undefined)[]): string[] {
  if (said.length === 0) return []
  const group = current().node
  const named = new Map(Object.values(group).map(node => [node.name, node.id]))
  return [...new Set(said.flatMap(each => (each ? (group[each]?.id ?? named.get(each) ?? []) : [])))].sort()
}
