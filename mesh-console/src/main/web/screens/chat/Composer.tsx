// Where one writes: grows with the text, Enter sends, Shift and Enter begin a line, Escape stops the answer.

import { useEffect, useRef, useState } from 'preact/hooks'
import { useWorld } from '../../feed/store'
import { count } from '../../format'
import { Icon } from '../../parts/icons'

const LINES_MAX = 10

interface Given {
  isWriting: boolean
  hasTurns: boolean
  model: string
  /** Tokens that the last answer had before its eyes and wrote. */
  context: number | undefined
  onSend: (text: string) => void
  onStop: () => void
  onEnd?: () => void
}

export function Composer({ isWriting, hasTurns, model, context, onSend, onStop, onEnd }: Given) {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const most = useWorld(world => world.model[model]?.contextTokens)
  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => grow(field.current), [text])
  const send = () => {
    if (!text.trim() || isWriting) return
    onSend(text.trim())
    setText('')
  }
  return (
    <div class="composer">
      {onEnd && (
        <button type="button" class="button composer-end" onClick={onEnd}>
          <Icon name="down" size={16} /> To the end
        </button>
      )}
      <form
        class="composer-box"
        onSubmit={event => {
          event.preventDefault()
          send()
        }}
      >
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label="Message"
          placeholder={hasTurns ? 'Say more' : 'Ask something'}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        {isWriting ? (
          <button type="button" class="button composer-stop" onClick={onStop}>
            <Icon name="stop" size={16} /> Stop
          </button>
        ) : (
          <button type="submit" class="button button-main" disabled={!text.trim()}>
            Send
          </button>
        )}
      </form>
      <p class="soft composer-foot">
        <span class="composer-keys">
          <kbd>Enter</kbd> sends, <kbd>Shift Enter</kbd> a new line, <kbd>Esc</kbd> stops
        </span>
        {context !== undefined && (
          <span>
            {count(context)}
            {most ? ` of ${count(most)}` : ''} tokens of context
          </span>
        )}
      </p>
    </div>
  )
}

function grow(field: HTMLTextAreaElement | null) {
  if (!field) return
  field.style.height = 'auto'
  const line = parseFloat(getComputedStyle(field).lineHeight)
  field.style.height = `${Math.min(field.scrollHeight, line * LINES_MAX)}px`
}
