// A question before something that cannot be taken back: what will happen, and two buttons. Escape means no.

import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

interface Given {
  title: ComponentChildren
  act: string
  isBad?: boolean
  onYes: () => void
  onNo: () => void
  children?: ComponentChildren
}

export function Confirm({ title, act, isBad = false, onYes, onNo, children }: Given) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    dialog.current?.showModal()
    return () => {
      if (before?.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <dialog
      class="confirm"
      ref={dialog}
      aria-labelledby={id}
      onClose={onNo}
      onKeyDown={event => event.key === 'Escape' && event.stopPropagation()}
    >
      <h2 id={id}>{title}</h2>
      {children}
      <div class="confirm-foot">
        <button type="button" class="button" onClick={onNo}>
          Cancel
        </button>
        <button type="button" class={isBad ? 'button button-bad' : 'button button-main'} onClick={onYes}>
          {act}
        </button>
      </div>
    </dialog>
  )
}
