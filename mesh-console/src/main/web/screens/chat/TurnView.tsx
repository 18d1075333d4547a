// One turn: what was said, or an answer with who gave it, how fast, and why there; and what one can do with it.

import { useState } from 'preact/hooks'
import { clean, count, duration, figure } from '../../format'
import { CopyButton } from '../../parts/Copy'
import { Icon } from '../../parts/icons'
import { Name } from '../../parts/Name'
import { hrefOf } from '../../router'
import type { Answer, Conversation, Turn } from './conversation'
import { Markdown } from './Markdown'
import { again, branches, choose, say } from './talk'

interface Given {
  conversation: Conversation
  turn: Turn
  isWriting: boolean
  words: string | undefined
}

export function TurnView({ conversation, turn, isWriting, words }: Given) {
  return turn.role === 'user' ? <Said conversation={conversation} turn={turn} /> : <Answered conversation={conversation} turn={turn} isWriting={isWriting} words={words} />
}

function Said({ conversation, turn }: { conversation: Conversation; turn: Turn }) {
  const [draft, setDraft] = useState<string>()
  if (draft !== undefined)
    return (
      <form
        class="turn turn-user turn-edit"
        onSubmit={event => {
          event.preventDefault()
          if (!draft.trim()) return
          setDraft(undefined)
          say(conversation.id, draft.trim(), conversation.model, conversation.system, turn.parent)
        }}
      >
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
      <div class="turn-bubble" dir="auto">
        {turn.text}
      </div>
      <div class="turn-tools">
        <Branches conversation={conversation} turn={turn} />
        <button type="button" class="button button-quiet copy" onClick={() => setDraft(turn.text)}>
          <Icon name="edit" size={16} /> edit
        </button>
        <CopyButton text={turn.text} what="what you said" />
      </div>
    </article>
  )
}

function Answered({ conversation, turn, isWriting, words }: Given) {
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
        <Branches conversation={conversation} turn={turn} />
        {!isWriting && (
          <>
            <button type="button" class="button button-quiet copy" onClick={() => again(conversation.id, turn)}>
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

function Branches({ conversation, turn }: { conversation: Conversation; turn: Turn }) {
  const { at, of } = branches(conversation, turn)
  if (of.length < 2) return null
  const go = (to: number) => choose(conversation.id, of[to]!)
  return (
    <span class="branches" role="group" aria-label="Branches">
      <button type="button" class="button button-quiet" aria-label="The branch before" disabled={at === 0} onClick={() => go(at - 1)}>
        <Icon name="left" size={16} />
      </button>
      <span class="soft">
        {at + 1}/{of.length}
      </span>
      <button type="button" class="button button-quiet" aria-label="The next branch" disabled={at === of.length - 1} onClick={() => go(at + 1)}>
        <Icon name="right" size={16} />
      </button>
    </span>
  )
}
