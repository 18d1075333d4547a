// The election's codes in words. A code that is new here is shown as it is: it says more than nothing.

import { clean } from '../../format'

const REASONS: Record<string, string> = {
  fits: 'has the memory for it',
  fits_here: 'fits here',
  forced: 'told to, with --split',
  fits_nowhere: 'fits on no single node',
  not_needed: 'not needed for it',
  not_assigned: 'was not told to serve it',
  nobody_assigned: 'no node was told to serve it',
  client: 'only asks',
  no_file: 'does not hold the file',
  no_engine: 'has no llama.cpp',
  engine_failed: 'its llama.cpp failed',
  draining: 'is about to leave',
  not_certified: 'may not take part in a split',
  rpc_major_differs: 'its llama.cpp does not understand the host’s',
  rpc_newer_than_host: 'its llama.cpp is newer than the host’s',
  too_far: 'too far away',
  too_small: 'too little memory to be worth a round trip',
  memory_short: 'too little memory',
  no_partner: 'no other node to split with',
  too_many_workers: 'would need too many nodes',
  split_too_slow: 'a split would be too slow',
}

export function reasonWords(code: string | undefined): string {
  if (!code) return ''
  return REASONS[code.replaceAll('-', '_')] ?? clean(code.replaceAll(/[-_]/g, ' '), 60)
}

const VERDICTS: Record<string, string> = { solo: 'runs it whole', host: 'hosts the split', worker: 'lends memory', passed_over: 'passed over' }

export function verdictWords(verdict: string): string {
  return VERDICTS[verdict] ?? clean(verdict, 30)
}
