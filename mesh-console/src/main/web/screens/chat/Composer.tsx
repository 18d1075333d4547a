// Where one writes: grows with the text, Enter sends, Shift and Enter begin a line, Escape stops the answer. Pictures go
// along where the model takes them; where it does not, nothing is sent without them either.

import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { useWorld } from '../../feed/store'
import { count } from '../../format'
import { Icon } from '../../parts/icons'
import { AttachButton, pasted, Thumbs, useAttaching } from './Attach'
import type { Attached } from './picture'
import { useSight } from './sight'

const LINES_MAX = 10

interface Given {
  isWriting: boolean
  hasTurns: boolean
  /** Said before in this conversation, and sent again with every question. */
  hasPictures: boolean
  model: string
  /** Tokens that the last answer had before its eyes and wrote. */
  context: number | undefined
  onSend: (text: string, attached: Attached[]) => void
  onStop: () => void
  onEnd?: () => void
}

export function Composer({ isWriting, hasTurns, hasPictures, model, context, onSend, onStop, onEnd }: Given) {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const most = useWorld(world => world.model[model]?.contextTokens)
  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => grow(field.current), [text])
  const sight = useSight(model)
  const { attached, reading, trouble, isOver, take, remove, clear } = useAttaching(sight)
  const reasonId = useId()
  const isBlind = sight.takes === 'no' && (hasPictures || attached.length > 0)
  const isReady = (text.trim() !== '' || attached.length > 0) && reading === 0 && !isBlind
  const send = () => {
    if (!isReady || isWriting) return
    onSend(text.trim(), attached)
    setText('')
    clear()
  }
  return (
    <div class="composer">
      {onEnd && (
        <button type="button" class="button composer-end" onClick={onEnd}>
          <Icon name="down" size={16} /> To the end
        </button>
      )}
      <p class="composer-trouble" role="status">
        {isBlind ? `${sight.words}, and ${attached.length > 0 ? 'this message' : 'this conversation'} has some: choose a model that does.` : trouble}
      </p>
      <form
        class={isOver ? 'composer-box is-over' : 'composer-box'}
        onSubmit={event => {
          event.preventDefault()
          send()
        }}
      >
        <Thumbs
          attached={attached}
          reading={reading}
          onRemove={id => {
            remove(id)
            field.current?.focus()
          }}
        />
        <AttachButton isOff={sight.takes !== 'yes'} reasonId={reasonId} onFiles={take} />
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label="Message"
          placeholder={hasTurns ? 'Say more' : 'Ask something'}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          onPaste={event => {
            const files = pasted(event)
            if (files.length === 0) return
            event.preventDefault()
            take(files)
          }}
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
          <button type="submit" class="button button-main" disabled={!isReady}>
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
        <span id={reasonId}>{sight.words}</span>
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
