// What was talked about, newest first, and what can be done with all of it: it lies in this browser, so it is exported,
// taken in and deleted here.

import { useMemo, useRef, useState } from 'preact/hooks'
import { clean, plural } from '../../format'
import { Confirm } from '../../parts/Confirm'
import { Icon } from '../../parts/icons'
import { memo } from '../../parts/memo'
import { hrefOf } from '../../router'
import type { Conversation } from './conversation'
import { exported, imported } from './file'
import { add, currentTalk, forget, forgetAll, useTalk } from './talk'

const DAY_MILLIS = 24 * 3_600_000

export function Conversations({ openId }: { openId: string | undefined }) {
  const group = useTalk(talk => talk.conversations)
  const notKept = useTalk(talk => talk.notKept)
  const panel = useRef<HTMLElement>(null)
  const sorted = useMemo(() => Object.values(group).sort((a, b) => b.changedMillis - a.changedMillis), [group])
  const [words, setWords] = useState('')
  const wanted = words.trim().toLowerCase()
  const shown = wanted ? sorted.filter(each => each.turns.some(turn => turn.text.toLowerCase().includes(wanted)) || each.title.toLowerCase().includes(wanted)) : sorted
  return (
    <>
      <div class="chat-bar">
        <button type="button" class="button" aria-haspopup="true" onClick={() => panel.current?.togglePopover()}>
          <Icon name="chat" size={16} /> Conversations
        </button>
        <a class="button" href={hrefOf('chat')}>
          <Icon name="plus" size={16} /> New
        </a>
      </div>
      <nav class="chat-list" popover="auto" aria-label="Conversations" ref={panel} onClick={event => (event.target as Element).closest('a') && panel.current?.matches(':popover-open') && panel.current.hidePopover()}>
        <a class="button chat-new" href={hrefOf('chat')}>
          <Icon name="plus" size={16} /> New conversation
        </a>
        {sorted.length > 8 && (
          <input type="search" class="field" placeholder="Find in them" aria-label="Find in conversations" value={words} onInput={event => setWords(event.currentTarget.value)} />
        )}
        <div class="chat-list-rows">
          {byAge(shown).map(([word, rows]) => (
            <section key={word} aria-label={word}>
              <h2>{word}</h2>
              <ul>
                {rows.map(each => (
                  <Row key={each.id} conversation={each} isOpen={each.id === openId} />
                ))}
              </ul>
            </section>
          ))}
          {sorted.length === 0 && <p class="soft">Nothing was said yet.</p>}
          {sorted.length > 0 && shown.length === 0 && <p class="soft">None has these words.</p>}
        </div>
        <footer class="chat-list-foot">
          <p class={notKept ? 'notice tone-warn' : 'soft'}>
            {notKept ? 'This browser keeps nothing more: what is new ends with the page.' : 'Kept in this browser only.'}
          </p>
          <Everything count={sorted.length} />
        </footer>
      </nav>
    </>
  )
}

const Row = memo(function Row({ conversation, isOpen }: { conversation: Conversation; isOpen: boolean }) {
  const isWriting = useTalk(talk => talk.writing[conversation.id] !== undefined)
  const [asks, setAsks] = useState(false)
  const title = clean(conversation.title, 60) || 'Untitled'
  return (
    <li class={isOpen ? 'chat-row is-open' : 'chat-row'}>
      <a href={hrefOf('chat', conversation.id)} aria-current={isOpen ? 'page' : undefined}>
        <bdi>{title}</bdi>
        {isWriting && <span class="soft"> …</span>}
      </a>
      <button type="button" class="button button-quiet button-icon" aria-label={`Delete ${title}`} title="Delete" onClick={() => setAsks(true)}>
        <Icon name="close" size={14} />
      </button>
      {asks && (
        <Confirm
          title="Delete this conversation?"
          act="Delete"
          isBad
          onNo={() => setAsks(false)}
          onYes={() => {
            setAsks(false)
            forget(conversation.id)
            if (isOpen) location.hash = hrefOf('chat')
          }}
        >
          <p class="soft">
            “<bdi>{title}</bdi>” is in this browser only. It cannot be had back.
          </p>
        </Confirm>
      )}
    </li>
  )
})

function Everything({ count }: { count: number }) {
  const [asks, setAsks] = useState(false)
  const [said, setSaid] = useState('')
  const chooser = useRef<HTMLInputElement>(null)
  const take = async (file: File | undefined) => {
    if (!file) return
    try {
      const taken = imported(await file.text())
      add(taken)
      setSaid(`${plural(taken.length, 'conversation')} taken in`)
    } catch {
      setSaid('This file holds no conversations')
    }
  }
  return (
    <>
      <div class="chat-list-tools">
        <button type="button" class="button button-quiet copy" disabled={count === 0} onClick={() => void download()}>
          export
        </button>
        <button type="button" class="button button-quiet copy" onClick={() => chooser.current?.click()}>
          import
        </button>
        <button type="button" class="button button-quiet copy" disabled={count === 0} onClick={() => setAsks(true)}>
          delete all
        </button>
        <input
          ref={chooser}
          type="file"
          accept="application/json"
          class="hidden"
          tabIndex={-1}
          aria-label="A file with conversations"
          onChange={event => {
            void take(event.currentTarget.files?.[0])
            event.currentTarget.value = ''
          }}
        />
      </div>
      <p class="soft" role="status">
        {said}
      </p>
      {asks && (
        <Confirm
          title={`Delete ${plural(count, 'conversation')}?`}
          act="Delete all"
          isBad
          onNo={() => setAsks(false)}
          onYes={() => {
            setAsks(false)
            forgetAll()
            location.hash = hrefOf('chat')
          }}
        >
          <p class="soft">They are in this browser only. They cannot be had back.</p>
        </Confirm>
      )}
    </>
  )
}

async function download() {
  const text = await exported(Object.values(currentTalk().conversations))
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = `mesh-conversations-${new Date().toISOString().slice(0, 10)}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

function byAge(conversations: Conversation[]): [string, Conversation[]][] {
  const today = new Date().setHours(0, 0, 0, 0)
  const groups = new Map<string, Conversation[]>()
  for (const each of conversations) {
    const word = each.changedMillis >= today ? 'Today' : each.changedMillis >= today - DAY_MILLIS ? 'Yesterday' : 'Earlier'
    groups.set(word, [...(groups.get(word) ?? []), each])
  }
  return [...groups]
}
