// Conversations as a file that a person takes along, pictures and all.

import type { Answer, Conversation, Turn } from './conversation'
import { isKept, SIDE_PIXELS_MAX, type Attached } from './picture'
import * as shelf from './shelf'

export interface Taken {
  conversation: Conversation
  attached: Attached[]
}

export async function exported(conversations: Conversation[]): Promise<string> {
  const whole = await Promise.all(
    conversations.map(async each => ({ ...each, turns: await Promise.all(each.turns.map(turn => withContent(each.id, turn))) })),
  )
  return JSON.stringify({ conversations: whole }, null, 1)
}

async function withContent(id: string, turn: Turn): Promise<Turn> {
  if (!turn.pictures) return turn
  return { ...turn, pictures: await Promise.all(turn.pictures.map(async each => ({ ...each, uri: await shelf.picture(id, each.id) }))) }
}

/** What a file from elsewhere holds, if it is ours: every field is looked at, since anybody can have written it. */
export function imported(text: string): Taken[] {
  const said = JSON.parse(text) as { conversations?: unknown }
  if (!Array.isArray(said.conversations)) throw new Error('no conversations in it')
  return said.conversations.map(each => {
    const { id, title, madeMillis, changedMillis, model, system, turns, chosen } = each as Record<string, unknown>
    if (typeof id !== 'string' || !Array.isArray(turns)) throw new Error('a conversation without turns')
    const attached: Attached[] = []
    const conversation = {
      id,
      title: String(title ?? ''),
      madeMillis: Number(madeMillis) || Date.now(),
      changedMillis: Number(changedMillis) || Date.now(),
      model: String(model ?? 'auto'),
      system: String(system ?? ''),
      turns: turns.map(turn => turnOf(turn, attached)),
      chosen: Object.fromEntries(Object.entries((chosen as object) ?? {}).map(([from, to]) => [from, String(to)])),
    }
    return { conversation, attached }
  })
}

function turnOf(said: unknown, attached: Attached[]): Turn {
  const { id, parent, role, text, pictures, answer } = said as Record<string, unknown>
  if (typeof id !== 'string' || typeof text !== 'string') throw new Error('a turn without text')
  const turn: Turn = { id, parent: String(parent ?? ''), role: role === 'user' ? 'user' : 'assistant', text }
  const own = Array.isArray(pictures) ? pictures.map(pictureOf).filter(each => each !== undefined) : []
  attached.push(...own)
  if (own.length > 0) turn.pictures = own.map(({ uri: _, ...picture }) => picture)
  if (!answer || typeof answer !== 'object') return turn
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(answer)) if (typeof value === 'string' || typeof value === 'number') kept[key] = value
  const { code, message } = ((answer as Answer).error ?? {}) as Record<string, unknown>
  if (typeof code === 'string' && typeof message === 'string') kept['error'] = { code, message }
  return { ...turn, answer: kept as Answer }
}

function pictureOf(said: unknown): Attached | undefined {
  const { id, width, height, uri } = said as Record<string, unknown>
  return typeof id === 'string' && isKept(uri) ? { id, width: side(width), height: side(height), uri } : undefined
}

function side(said: unknown): number {
  return Math.min(SIDE_PIXELS_MAX, Math.max(1, Number(said) || 1))
}
