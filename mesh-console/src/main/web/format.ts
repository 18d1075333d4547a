// Figures as words. Whatever is not known is "unknown", never 0.

const UNKNOWN = 'unknown'
type Maybe = number | null | undefined

function known(n: Maybe): n is number {
  return typeof n === 'number' && Number.isFinite(n)
}

/** Three digits at most: 4.21, 42.1, 421. */
function short(n: number): string {
  const text = n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

export function bytes(n: Maybe): string {
  if (!known(n)) return UNKNOWN
  if (n < 1_000) return `${n} B`
  let scaled = n
  for (const unit of ['kB', 'MB', 'GB']) {
    scaled /= 1_000
    if (scaled < 999.5) return `${short(scaled)} ${unit}`
  }
  return `${short(scaled / 1_000)} TB`
}

export function rate(n: Maybe): string {
  return known(n) ? `${bytes(n)}/s` : UNKNOWN
}

export function duration(millis: Maybe): string {
  if (!known(millis) || millis < 0) return UNKNOWN
  if (millis < 1_000) return `${millis < 10 ? short(millis) : Math.round(millis)} ms`
  const seconds = millis / 1_000
  if (seconds < 60) return `${short(seconds)} s`
  return long(seconds)
}

function long(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} m` : `${hours} h`
  const days = Math.floor(hours / 24)
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`
}

/** How long ago, in whole seconds: an age that twitches is worse than a coarse one. */
export function age(millis: Maybe): string {
  if (!known(millis)) return UNKNOWN
  const seconds = Math.floor(Math.max(0, millis) / 1_000)
  if (seconds < 2) return 'now'
  return seconds < 60 ? `${seconds} s ago` : `${long(seconds)} ago`
}

export function count(n: Maybe): string {
  return known(n) ? n.toLocaleString('en') : UNKNOWN
}

export function figure(n: Maybe, unit = ''): string {
  return known(n) ? `${short(n)}${unit && ' ' + unit}` : UNKNOWN
}

export function percent(part: Maybe, whole: Maybe): string {
  return known(part) && known(whole) && whole > 0 ? `${Math.round((100 * part) / whole)} %` : UNKNOWN
}

export function clock(millis: number): string {
  return new Date(millis).toLocaleTimeString('en-GB', { hour12: false })
}

/** One word, one thing: 1 node, 2 nodes. */
export function plural(n: number, one: string, many = one + 's'): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}

// What turns the reading direction, hides, or is no character at all has no place in a name.
const ODD = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** A name from elsewhere, fit to be shown: its odd characters visible, its length bounded. */
export function clean(name: string, charsMax = 64): string {
  const shown = Array.from(name.replace(ODD, '\u25a1'))
  return shown.length > charsMax ? shown.slice(0, charsMax - 1).join('') + '\u2026' : shown.join('')
}

export function shortId(id: string): string {
  return id.slice(0, 10)
}
