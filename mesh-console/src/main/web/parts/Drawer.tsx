// A panel beside the screen (below it on a phone) for the one thing that was opened. Escape closes it, and the focus
// goes back to where it came from.

import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from './icons'

interface Given {
  title: ComponentChildren
  label: string
  onClose: () => void
  children: ComponentChildren
}

export function Drawer({ title, label, onClose, children }: Given) {
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    panel.current?.focus({ preventScroll: true })
    const pressed = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose()
    }
    addEventListener('keydown', pressed)
    return () => {
      removeEventListener('keydown', pressed)
      if (before?.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <aside class="drawer" aria-label={label} tabIndex={-1} ref={panel}>
      <header class="drawer-head">
        <h2>{title}</h2>
        <button type="button" class="button button-quiet button-icon" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  )
}
