// What a screen reader hears of an answer: whole sentences as they are finished, never single tokens.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Conversation, Turn } from './conversation'

const SENTENCE = /[\s\S]*(?:[.!?…:]["')\]]*\s|\n\n)/

interface Given {
  conversation: Conversation | undefined
  turn: Turn | undefined
  isWriting: boolean
}

export function Spoken({ turn, isWriting }: Given) {
  const [words, setWords] = useState('')
  const said = useRef({ id: '', chars: 0 })
  useEffect(() => {
    if (!turn || turn.role !== 'assistant') return
    if (said.current.id !== turn.id) {
      // An answer that was there before is read, not announced.
      said.current = { id: turn.id, chars: isWriting ? 0 : turn.text.length }
      setWords(isWriting ? 'The answer begins.' : '')
    }
    const rest = turn.text.slice(said.current.chars)
    const whole = isWriting ? (SENTENCE.exec(rest)?.[0] ?? '') : rest
    if (whole) {
      said.current.chars += whole.length
      setWords(whole.replace(/[`*_#>|]/g, ''))
    } else if (!isWriting && turn.answer?.error) setWords(`The answer failed: ${turn.answer.error.message}`)
  }, [turn?.id, turn?.text, isWriting])
  return (
    <p class="hidden" aria-live="polite">
      {words}
    </p>
  )
}
