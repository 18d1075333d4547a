// How full something is. Says so in words as well; without a whole there is nothing to fill.

import { bytes, percent } from '../format'

export function Meter({ part, whole, label }: { part?: number; whole?: number; label: string }) {
  const isKnown = part !== undefined && whole !== undefined && whole > 0
  const text = isKnown ? `${bytes(part)} of ${bytes(whole)}, ${percent(part, whole)}` : 'unknown'
  return (
    <span
      class={isKnown ? 'meter' : 'meter meter-unknown'}
      role="progressbar"
      aria-label={label}
      aria-valuetext={text}
      {...(isKnown ? { 'aria-valuenow': Math.round((100 * part) / whole), 'aria-valuemin': 0, 'aria-valuemax': 100 } : {})}
    >
      <span class="meter-fill" style={{ width: isKnown ? `${Math.min(100, (100 * part) / whole)}%` : '0' }} />
    </span>
  )
}
