// Something to take along: the text itself, and one click that copies it and says that it did.

import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icons'

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<'' | 'copied' | 'not copied'>('')
  useEffect(() => {
    if (!said) return
    const timer = setTimeout(() => setSaid(''), 2_000)
    return () => clearTimeout(timer)
  }, [said])
  const copy = () => navigator.clipboard.writeText(text).then(
    () => setSaid('copied'),
    () => setSaid('not copied'),
  )
  return (
    <button type="button" class="button button-quiet copy" onClick={copy} aria-label={`Copy ${what}`}>
      <Icon name={said === 'copied' ? 'check' : 'copy'} size={16} />
      <span aria-live="polite">{said || 'copy'}</span>
    </button>
  )
}

/** What is long, or nobody's business on a picture of the screen, is `shown` as something shorter. */
export function CopyLine({ text, what, shown = text }: { text: string; what: string; shown?: string }) {
  return (
    <div class="copy-line">
      <code>{shown}</code>
      <CopyButton text={text} what={what} />
    </div>
  )
}
