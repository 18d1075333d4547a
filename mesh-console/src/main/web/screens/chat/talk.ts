// The conversations of this page and the answers that are being written. Lives as long as the page, not as a screen: an
// answer goes on while one looks at the overview. Screens pick from it as they pick from the world.

import { useLayoutEffect, useReducer, useRef } from 'preact/hooks'
import { after, before, freshId, path, started, withChanged, withTurn, type Answer, type Conversation, type Picture, type Turn } from './conversation'
import type { Taken } from './file'
import type { Attached } from './picture'
import * as shelf from './shelf'
import { ask, Broken, type Message, type Part, type Piece } from './stream'

/** What is being written is kept this often, so that a page that dies loses a moment and not an answer. */
const KEEP_MILLIS = 2_000

export interface Writing {
  turnId: string
  stop: AbortController
  startedMillis: number
  /** What the mesh says while the answer waits. */
  words?: string
}

export interface Talk {
  isRead: boolean
  /** The browser keeps nothing: why. */
  notKept?: string
  conversations: Record<string, Conversation>
  writing: Record<string, Writing>
}

let talk: Talk = { isRead: false, conversations: {}, writing: {} }
const listeners = new Set<() => void>()

function change(next: Partial<Talk>) {
  talk = { ...talk, ...next }
  for (const listener of [...listeners]) listener()
}

export function currentTalk(): Talk {
  return talk
}

export function useTalk<T>(pick: (talk: Talk) => T): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const picked = pick(talk)
  const latest = useRef({ pick, picked })
  latest.current = { pick, picked }
  useLayoutEffect(() => {
    const listener = () => {
      if (!Object.is(latest.current.pick(talk), latest.current.picked)) redraw(undefined as never)
    }
    listeners.add(listener)
    listener()
    return () => void listeners.delete(listener)
  }, [])
  return picked
}

export async function readAll() {
  if (talk.isRead) return
  try {
    const kept = await shelf.all()
    change({ isRead: true, conversations: { ...Object.fromEntries(kept.map(each => [each.id, each])), ...talk.conversations } })
  } catch (broken) {
    change({ isRead: true, notKept: reasonOf(broken) })
  }
}

function reasonOf(broken: unknown): string {
  return broken instanceof Error ? broken.message : String(broken)
}

function put(conversation: Conversation) {
  change({ conversations: { ...talk.conversations, [conversation.id]: conversation } })
}

function keep(id: string) {
  const conversation = talk.conversations[id]
  if (conversation) shelf.keep(conversation).catch(lost)
}

function keepPictures(id: string, attached: Attached[]) {
  for (const each of attached) shelf.keepPicture(id, each.id, each.uri).catch(lost)
}

function lost(broken: unknown) {
  change({ notKept: reasonOf(broken) })
}

export function alter(id: string, what: Partial<Pick<Conversation, 'model' | 'system' | 'title'>>) {
  const conversation = talk.conversations[id]
  if (!conversation) return
  put({ ...conversation, ...what })
  keep(id)
}

/** Goes over to the branch beside a turn. */
export function step(id: string, turn: Turn, by: number) {
  const conversation = talk.conversations[id]
  if (!conversation) return
  const all = after(conversation, turn.parent)
  const next = all[all.findIndex(each => each.id === turn.id) + by]
  if (!next) return
  put({ ...conversation, chosen: { ...conversation.chosen, [turn.parent]: next.id } })
  keep(id)
}

export function add(taken: Taken[]) {
  for (const { conversation, attached } of taken) {
    put(conversation)
    keep(conversation.id)
    keepPictures(conversation.id, attached)
  }
}

export function forget(id: string) {
  stop(id)
  const { [id]: _, ...rest } = talk.conversations
  change({ conversations: rest })
  shelf.forget(id).catch(lost)
}

export function forgetAll() {
  for (const id of Object.keys(talk.writing)) stop(id)
  change({ conversations: {} })
  shelf.forgetAll().catch(lost)
}

/** Says something more; a conversation begins with the first thing said. Answers with its id. */
export function say(id: string | undefined, text: string, attached: Attached[], model: string, system: string): string {
  const conversation = (id && talk.conversations[id]) || { ...started(model), system }
  keepPictures(conversation.id, attached)
  const pictures = attached.map(({ uri: _, ...picture }) => picture)
  goOn({ ...conversation, model }, path(conversation).at(-1)?.id ?? '', text, pictures)
  return conversation.id
}

/** Says something else in the place of what was said, with the same pictures: a branch beside it. */
export function rephrase(id: string, turn: Turn, text: string) {
  const conversation = talk.conversations[id]
  if (conversation) goOn(conversation, turn.parent, text, turn.pictures ?? [])
}

function goOn(conversation: Conversation, parent: string, text: string, pictures: Picture[]) {
  const turn: Turn = { id: freshId(), parent, role: 'user', text, ...(pictures.length > 0 ? { pictures } : {}) }
  put(withTurn(conversation, turn))
  void answer(conversation.id, turn)
}

/** One more answer to the same thing, beside those that are there. */
export function again(id: string, answered: Turn) {
  const conversation = talk.conversations[id]
  const turn = conversation?.turns.find(each => each.id === answered.parent)
  if (turn) void answer(id, turn)
}

export function stop(id: string) {
  talk.writing[id]?.stop.abort()
}

async function answer(id: string, said: Turn) {
  stop(id)
  const conversation = talk.conversations[id]!
  const writing: Writing = { turnId: freshId(), stop: new AbortController(), startedMillis: performance.now() }
  let turn: Turn = { id: writing.turnId, parent: said.id, role: 'assistant', text: '', answer: {} }
  put(withTurn(conversation, turn))
  change({ writing: { ...talk.writing, [id]: writing } })
  keep(id)
  const pen = new Pen(turn, writing, next => {
    turn = next
    const now = talk.conversations[id]
    if (now) put(withChanged(now, turn))
  })
  const timer = setInterval(() => keep(id), KEEP_MILLIS)
  try {
    const question = { model: conversation.model, messages: await messages(conversation, said), session: id }
    for await (const piece of ask(question, writing.stop.signal)) {
      pen.take(piece)
      if (piece.kind === 'waiting' && talk.writing[id] === undefined) return
      if (piece.kind === 'waiting') change({ writing: { ...talk.writing, [id]: { ...talk.writing[id]!, words: piece.words } } })
    }
  } catch (thrown) {
    pen.broke(thrown)
  } finally {
    clearInterval(timer)
    pen.flush()
    if (talk.writing[id]?.turnId === writing.turnId) {
      const { [id]: _, ...rest } = talk.writing
      change({ writing: rest })
    }
    keep(id)
  }
}

/** Puts pieces into a turn; tells of it at most once per frame, or at once while the tab is hidden. */
class Pen {
  private frame: number | undefined
  private lastMillis = 0

  constructor(
    private turn: Turn,
    private readonly writing: Writing,
    private readonly tell: (turn: Turn) => void,
  ) {}

  take(piece: Piece) {
    const now = performance.now()
    switch (piece.kind) {
      case 'head':
        this.note(piece.head)
        break
      case 'text':
      case 'thought':
        if (this.turn.answer?.firstMillis === undefined) this.note({ firstMillis: now - this.writing.startedMillis })
        this.lastMillis = now
        if (piece.kind === 'text') this.turn = { ...this.turn, text: this.turn.text + piece.text }
        else this.note({ thought: (this.turn.answer?.thought ?? '') + piece.text })
        break
      case 'counted':
        this.note({
          ...(piece.promptTokens === undefined ? {} : { promptTokens: piece.promptTokens }),
          ...(piece.answerTokens === undefined ? {} : { answerTokens: piece.answerTokens }),
        })
        break
      case 'ended':
        this.note({ ending: piece.isAtLimit ? 'length' : 'whole' })
        break
      case 'waiting':
        return
    }
    if (document.hidden) this.flush()
    else this.frame ??= requestAnimationFrame(() => this.flush())
  }

  broke(thrown: unknown) {
    if (this.writing.stop.signal.aborted) this.note({ ending: 'stopped' })
    else if (thrown instanceof Broken)
      this.note({
        ending: 'failed',
        error: {
          code: thrown.code,
          message: thrown.message,
          ...(thrown.retrySeconds === undefined ? {} : { retrySeconds: thrown.retrySeconds }),
        },
      })
    else this.note({ ending: 'failed', error: { code: 'page_failed', message: reasonOf(thrown) } })
  }

  flush() {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame)
    this.frame = undefined
    const first = this.turn.answer?.firstMillis
    if (first !== undefined) this.note({ writtenMillis: this.lastMillis - this.writing.startedMillis - first })
    this.tell(this.turn)
  }

  private note(answer: Partial<Answer>) {
    this.turn = { ...this.turn, answer: { ...this.turn.answer, ...answer } }
  }
}

/** What the model is told: everything on the way here that says or shows something. */
async function messages(conversation: Conversation, said: Turn): Promise<Message[]> {
  const turns = [...before(conversation, said), said].filter(turn => turn.text.trim() !== '' || turn.pictures)
  const told = await Promise.all(turns.map(turn => message(conversation.id, turn)))
  return conversation.system.trim() ? [{ role: 'system', content: conversation.system }, ...told] : told
}

async function message(id: string, { role, text, pictures }: Turn): Promise<Message> {
  if (role !== 'user' || !pictures) return { role, content: text }
  const parts = await Promise.all(pictures.map(({ id: picture }) => part(id, picture)))
  if (text.trim()) parts.push({ type: 'text', text })
  return { role, content: parts }
}

/** An answer about fewer pictures than were shown would be a wrong one. */
async function part(id: string, picture: string): Promise<Part> {
  const url = await shelf.picture(id, picture)
  if (!url) throw new Broken('picture_gone', 'a picture of this conversation is no longer in this browser')
  return { type: 'image_url', image_url: { url } }
}
