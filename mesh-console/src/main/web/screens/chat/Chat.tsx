// Talk to a model of the mesh. Conversations stay in this browser; the node sees a question only while it answers it.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { current, useWorld } from '../../feed/store'
import { Icon } from '../../parts/icons'
import { hrefOf, type Route } from '../../router'
import { Composer } from './Composer'
import { Conversations } from './Conversations'
import { path, places, type Conversation } from './conversation'
import type { Attached } from './picture'
import { Picker } from './Picker'
import { readAll, say, stop, useTalk } from './talk'
import { Spoken } from './Spoken'
import { TurnView } from './TurnView'

/** As near to the end as this, one is reading along. */
const END_PIXELS = 120
const MODEL_KEY = 'mesh.chatModel'

export default function Chat({ route }: { route: Route }) {
  useEffect(() => void readAll(), [])
  const id = route.rest[0]
  const conversation = useTalk(talk => (id === undefined ? undefined : talk.conversations[id]))
  const isRead = useTalk(talk => talk.isRead)
  const writing = useTalk(talk => (id === undefined ? undefined : talk.writing[id]))
  const asked = route.query.get('model')
  const [fresh, setFresh] = useState(() => ({ model: asked ?? storedModel(), system: '' }))
  useEffect(() => {
    if (asked) setFresh(old => ({ ...old, model: asked }))
  }, [asked])
  const { model, system } = conversation ?? fresh
  const turns = conversation ? places(conversation) : []
  const last = turns.at(-1)?.turn
  const end = useFollowing(last?.text.length ?? 0, id)

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && id && !document.querySelector('dialog[open], :popover-open')) stop(id)
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [id])

  const send = (text: string, attached: Attached[] = []) => {
    localStorage.setItem(MODEL_KEY, model)
    const to = say(conversation?.id, text, attached, model, system)
    if (to !== id) location.hash = hrefOf('chat', to)
    end.follow()
  }
  return (
    <div class="page chat">
      <Conversations openId={id} />
      <section class="chat-column" aria-label="Conversation">
        <header class="chat-head">
          <h1 class="hidden" tabIndex={-1}>
            Chat
          </h1>
          <Picker conversation={conversation} fresh={fresh} onFresh={setFresh} />
        </header>
        <div class="chat-log" role="log" aria-live="off" aria-label="What was said">
          {turns.map(({ turn, at, of }) => {
            const isWriting = writing?.turnId === turn.id
            return <TurnView key={turn.id} id={conversation!.id} turn={turn} at={at} of={of} isWriting={isWriting} words={isWriting ? writing.words : undefined} />
          })}
          {turns.length === 0 && (id && !conversation && isRead ? <Gone /> : isRead && <Start model={model} onSay={send} />)}
        </div>
        <Spoken turn={last} isWriting={!!writing} />
        <Composer
          isWriting={!!writing}
          hasTurns={turns.length > 0}
          hasPictures={turns.some(({ turn }) => turn.pictures)}
          model={model}
          context={contextOf(conversation)}
          onSend={send}
          onStop={() => id && stop(id)}
          {...(end.isAway ? { onEnd: end.follow } : {})}
        />
      </section>
    </div>
  )
}

function storedModel(): string {
  const stored = localStorage.getItem(MODEL_KEY)
  return stored && (stored === 'auto' || stored in current().model) ? stored : 'auto'
}

function contextOf(conversation: Conversation | undefined): number | undefined {
  const counted = conversation && path(conversation).findLast(turn => turn.answer?.promptTokens !== undefined)?.answer
  return counted && counted.promptTokens! + (counted.answerTokens ?? 0)
}

function Gone() {
  return (
    <div class="chat-start">
      <p class="empty-title">This conversation is not in this browser</p>
      <p class="soft">It was deleted, or it was held in another browser.</p>
      <a class="button" href={hrefOf('chat')}>
        Begin a new one
      </a>
    </div>
  )
}

const OPENERS = ['Explain what a KV cache is, in three sentences.', 'Write a Python function that merges sorted lists.', 'List five uses for an old laptop.']

function Start({ model, onSay }: { model: string; onSay: (text: string) => void }) {
  const models = useWorld(world => world.model)
  const ready = Object.values(models).filter(each => each.state === 'ready')
  if (ready.length === 0)
    return (
      <div class="chat-start">
        <p class="empty-title">No model is ready yet</p>
        <p class="soft">Load one, or wait until one that is loading is done.</p>
        <a class="button button-main" href={hrefOf('models')}>
          To the models
        </a>
      </div>
    )
  return (
    <div class="chat-start">
      <Icon name="chat" size={28} />
      <p class="empty-title">{model === 'auto' ? 'Ask anything: the mesh chooses who answers' : 'Ask anything'}</p>
      <div class="chat-openers">
        {OPENERS.map(words => (
          <button key={words} type="button" class="button" onClick={() => onSay(words)}>
            {words}
          </button>
        ))}
      </div>
      <p class="soft">Conversations are kept in this browser and nowhere else.</p>
    </div>
  )
}

/** Stays at the end while something is being written, unless the reader went up to read. */
function useFollowing(length: number, id: string | undefined) {
  const follows = useRef(true)
  const [isAway, setAway] = useState(false)
  useEffect(() => {
    const scrolled = () => {
      const rest = document.documentElement.scrollHeight - innerHeight - scrollY
      follows.current = rest < END_PIXELS
      setAway(!follows.current)
    }
    addEventListener('scroll', scrolled, { passive: true })
    return () => removeEventListener('scroll', scrolled)
  }, [])
  const toEnd = () => scrollTo(0, document.documentElement.scrollHeight)
  useEffect(() => {
    follows.current = true
    setAway(false)
    // After the shell, which begins every screen at its top.
    requestAnimationFrame(toEnd)
  }, [id])
  useLayoutEffect(() => {
    if (follows.current && length > 0) toEnd()
  }, [length, id])
  return {
    isAway,
    follow: () => {
      follows.current = true
      requestAnimationFrame(toEnd)
    },
  }
}
