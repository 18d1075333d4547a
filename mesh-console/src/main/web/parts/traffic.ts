// What the last relayed requests say about the recent past. The daemon keeps 256 of them: where those do not reach back
// far enough, nothing is known, and the figures say from when on they hold.

import type { Relayed } from '../feed/entities'

export const REQUESTS_MAX = 256

export interface Bucket {
  startMillis: number
  tokens: number
  answered: number
  failed: number
  /** False where older requests may have been forgotten. */
  isKnown: boolean
}

export function endMillis(request: Relayed): number {
  return request.startedMillis + (request.totalMillis ?? 0)
}

export function isFailed(request: Relayed): boolean {
  return request.status >= 500 || request.ending === 'cut'
}

/** Tokens of its answer each second while it was written; undefined where the parts are not known. */
export function tokensPerSecond(request: Relayed): number | undefined {
  const { answerTokens, firstByteMillis, totalMillis } = request
  if (!answerTokens || answerTokens < 2 || firstByteMillis === undefined || firstByteMillis < 0 || !totalMillis) return undefined
  // An answer in one piece comes with its last byte: its writing began unseen.
  const writtenMillis = request.stream ? totalMillis - firstByteMillis : totalMillis
  return writtenMillis > 0 ? (1_000 * (request.stream ? answerTokens - 1 : answerTokens)) / writtenMillis : undefined
}

export function buckets(requests: Relayed[], nowMillis: number, count: number, bucketMillis: number): Bucket[] {
  const last = Math.floor(nowMillis / bucketMillis)
  const oldest = requests.length < REQUESTS_MAX ? 0 : Math.min(...requests.map(endMillis))
  const all: Bucket[] = []
  for (let at = last - count + 1; at <= last; at++)
    all.push({ startMillis: at * bucketMillis, tokens: 0, answered: 0, failed: 0, isKnown: at * bucketMillis >= oldest })
  const first = all[0]!.startMillis
  for (const request of requests) {
    const end = endMillis(request)
    const ended = all[Math.floor((end - first) / bucketMillis)]
    if (ended) ended[isFailed(request) ? 'failed' : 'answered']++
    spread(request, all, first, bucketMillis)
  }
  return all
}

/** A long answer counts where it was written, not where it ended. */
function spread(request: Relayed, all: Bucket[], first: number, bucketMillis: number) {
  const tokens = request.answerTokens ?? 0
  if (tokens <= 0) return
  const end = endMillis(request)
  const start = Math.min(end - 1, request.startedMillis + (request.stream ? Math.max(0, request.firstByteMillis ?? 0) : 0))
  const from = Math.max(0, Math.floor((start - first) / bucketMillis))
  for (let at = from; at < all.length && all[at]!.startMillis < end; at++) {
    const bucket = all[at]!
    const overlap = Math.min(end, bucket.startMillis + bucketMillis) - Math.max(start, bucket.startMillis)
    bucket.tokens += (tokens * Math.max(0, overlap)) / (end - start)
  }
}
