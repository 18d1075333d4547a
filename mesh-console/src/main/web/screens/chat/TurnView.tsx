// One turn: what was said, or an answer with who gave it, how fast, and why there; and what one can do with it.

import { useState } from 'preact/hooks'
import { clean, count, duration, figure } from '../../format'
import { CopyButton } from '../../parts/Copy'
import { Icon } from '../../parts/icons'
import { Name } from '../../parts/Name'
import { hrefOf } from '../../router'
import { memo } from '../../parts/memo'
import type { Answer, Turn } from './conversation'
import { Markdown } from './Markdown'
import { Pictures } from './Pictures'
import { again, rephrase, step } from './talk'

interface Given {
  /** Of the conversation. */
  id: string
  turn: Turn
  /** Which of the branches at this place it is, of how many. */
  at: number
  of: number
  isWriting: boolean
  words: string | undefined
}

/** Drawn again when its own turn changed, not with every word of another. */
export const TurnView = memo(function TurnView(given: Given) {
  return given.turn.role === 'user' ? <Said {...given} /> : <Answered {...given} />
})

function Said({ id, turn, at, of }: Given) {
  const [draft, setDraft] = useState<string>()
  if (draft !== undefined)
    return (
      <form
        class="turn turn-user turn-edit"
        onSubmit={event => {
          event.preventDefault()
          if (!draft.trim() && !turn.pictures) return
          setDraft(undefined)
          rephrase(id, turn, draft.trim())
        }}
      >
        {turn.pictures && <Pictures id={id} pictures={turn.pictures} />}
        <textarea
          class="field"
          dir="auto"
          aria-label="Say it differently"
          rows={Math.min(12, draft.split('\n').length + 1)}
          value={draft}
          ref={field => void (field && document.activeElement === document.body && field.focus())}
          onInput={event => setDraft(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Escape') {
              event.stopPropagation()
              setDraft(undefined)
            } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
              event.preventDefault()
              event.currentTarget.form?.requestSubmit()
            }
          }}
        />
        <div class="turn-tools">
          <button type="button" class="button" onClick={() => setDraft(undefined)}>
            Cancel
          </button>
          <button type="submit" class="button button-main">
            Send as a branch
          </button>
        </div>
      </form>
    )
  return (
    <article class="turn turn-user" aria-label="You">
      {turn.pictures && <Pictures id={id} pictures={turn.pictures} />}
      {turn.text && (
        <div class="turn-bubble" dir="auto">
          {turn.text}
        </div>
      )}
      <div class="turn-tools">
        <Branches id={id} turn={turn} at={at} of={of} />
        <button type="button" class="button button-quiet copy" onClick={() => setDraft(turn.text)}>
          <Icon name="edit" size={16} /> edit
        </button>
        <CopyButton text={turn.text} what="what you said" />
      </div>
    </article>
  )
}

function Answered({ id, turn, at, of, isWriting, words }: Given) {
  const answer = turn.answer ?? {}
  return (
    <article class="turn turn-assistant" aria-label="Answer" aria-busy={isWriting}>
      {answer.thought && (
        <details class="thought">
          <summary class="soft">{isWriting && !turn.text ? 'thinking …' : 'what it thought'}</summary>
          <p dir="auto">{answer.thought}</p>
        </details>
      )}
      {turn.text && <Markdown text={turn.text} isOpen={isWriting} />}
      {isWriting && !turn.text && <Waits words={words} />}
      {answer.error && <Failed error={answer.error} hasText={turn.text !== ''} />}
      {!isWriting && answer.ending === 'stopped' && <p class="soft turn-note">Stopped by you{turn.text ? '; what came is kept.' : '.'}</p>}
      {answer.ending === 'length' && <p class="soft turn-note">It reached the limit of its context or length.</p>}
      {!isWriting && !answer.ending && <p class="soft turn-note">The page was closed while this was written.</p>}
      <div class="turn-tools">
        <Branches id={id} turn={turn} at={at} of={of} />
        {!isWriting && (
          <>
            <button type="button" class="button button-quiet copy" onClick={() => again(id, turn)}>
              <Icon name="again" size={16} /> regenerate
            </button>
            {turn.text && <CopyButton text={turn.text} what="the answer" />}
          </>
        )}
        <Figures answer={answer} isWriting={isWriting} />
      </div>
    </article>
  )
}

/** Who, how fast, how long until the first token, how much, why there. What is not known is left out. */
function Figures({ answer, isWriting }: { answer: Answer; isWriting: boolean }) {
  if (!answer.node && answer.firstMillis === undefined) return null
  const speed = tokensPerSecond(answer)
  return (
    <p class="turn-figures soft">
      {answer.node && (
        <span class="turn-node">
          <Icon name="nodes" size={14} /> <Name charsMax={24}>{answer.node}</Name>
        </span>
      )}
      {answer.model && (
        <span>
          <Name charsMax={32}>{answer.model}</Name>
        </span>
      )}
      {!isWriting && speed !== undefined && <span>{figure(speed)} tokens/s</span>}
      {answer.firstMillis !== undefined && <span>first {duration(answer.firstMillis)}</span>}
      {!isWriting && answer.answerTokens !== undefined && (
        <span>
          {answer.promptTokens === undefined ? '' : `${count(answer.promptTokens)} → `}
          {count(answer.answerTokens)} tokens
        </span>
      )}
      {answer.why && (
        <span title="why this node">
          {answer.route ? `${clean(answer.route, 12)}, ` : ''}
          {clean(answer.why, 24)}
        </span>
      )}
      {!isWriting && answer.requestId && <a href={hrefOf('activity', answer.requestId)}>trace</a>}
    </p>
  )
}

function tokensPerSecond({ answerTokens, writtenMillis }: Answer): number | undefined {
  if (answerTokens === undefined || answerTokens < 2 || !writtenMillis) return undefined
  return (1_000 * (answerTokens - 1)) / writtenMillis
}

function Waits({ words }: { words: string | undefined }) {
  return (
    <p class="soft turn-waits">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {words && words !== 'keep-alive' ? clean(words, 80) : 'waiting for the first word'}
    </p>
  )
}

function Failed({ error, hasText }: { error: NonNullable<Answer['error']>; hasText: boolean }) {
  return (
    <div class="notice tone-bad turn-failed" role="alert">
      <Icon name="warn" size={18} />
      <p>
        <strong>{hasText ? 'The answer broke off' : 'No answer'}:</strong> <bdi>{clean(error.message, 400)}</bdi> <code>{clean(error.code, 40)}</code>
        {hasText && ' What came before is kept.'}
        {error.retrySeconds !== undefined && ` Worth another try in ${error.retrySeconds} s.`}
      </p>
    </div>
  )
}

function Branches({ id, turn, at, of }: { id: string; turn: Turn; at: number; of: number }) {
  if (of < 2) return null
  return (
    <span class="branches" role="group" aria-label="Branches">
      <button type="button" class="button button-quiet" aria-label="The branch before" disabled={at === 0} onClick={() => step(id, turn, -1)}>
        <Icon name="left" size={16} />
      </button>
      <span class="soft">
        {at + 1}/{of}
      </span>
      <button type="button" class="button button-quiet" aria-label="The next branch" disabled={at === of - 1} onClick={() => step(id, turn, 1)}>
        <Icon name="right" size={16} />
      </button>
    </span>
  )
}
