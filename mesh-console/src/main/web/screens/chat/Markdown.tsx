// Markdown as it is written: finished blocks stay as they are drawn, only the open last one is drawn again.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { clean } from '../../format'
import { CopyButton } from '../../parts/Copy'
import { memo } from '../../parts/memo'
import { blocksOf, coloured, Growing, htmlOf, isClosed, plain, type Block } from './blocks'

/** A block longer than this is shown without colours: to colour it would hold up the page. */
const COLOURED_CHARS_MAX = 40_000

export function Markdown({ text, isOpen }: { text: string; isOpen: boolean }) {
  const growing = useRef<Growing>(undefined as never)
  growing.current ??= new Growing()
  const blocks = useMemo(() => (isOpen ? growing.current.blocks(plain(text)) : blocksOf(plain(text))), [text, isOpen])
  return (
    <div class="markdown" dir="auto">
      {blocks.map((block, at) => (
        <Drawn key={at} raw={block.raw} type={block.token.type} block={block} isLast={isOpen && at === blocks.length - 1} />
      ))}
    </div>
  )
}

interface Given {
  raw: string
  type: string
  block: Block
  isLast: boolean
}

/** Drawn again when its source changed; the token is another object each time and says nothing new. */
function Drawn({ raw, type, block, isLast }: Given) {
  const made = useMemo(() => block, [raw, type])
  if (type === 'code') return <Code text={made.token.text ?? ''} language={made.token.lang ?? ''} isWhole={!isLast || isClosed(made)} />
  return <Html of={made} />
}

const Html = memo(function Html({ of }: { of: Block }) {
  const html = useMemo(() => htmlOf(of), [of])
  return <div dangerouslySetInnerHTML={{ __html: html }} />
})

const Code = memo(function Code({ text, language, isWhole }: { text: string; language: string; isWhole: boolean }) {
  const word = clean(language.trim().split(/\s/)[0] ?? '', 20).toLowerCase()
  const [html, setHtml] = useState<string>()
  useEffect(() => {
    setHtml(undefined)
    if (!isWhole || !word || text.length > COLOURED_CHARS_MAX) return
    let isCurrent = true
    import('./colours').then(
      ({ highlighted }) => {
        const made = highlighted(text, word)
        if (isCurrent && made !== undefined) setHtml(coloured(made))
      },
      () => undefined,
    )
    return () => void (isCurrent = false)
  }, [text, word, isWhole])
  return (
    <div class="code">
      <div class="code-head">
        <span class="soft">{word || 'text'}</span>
        <CopyButton text={text} what="the code" />
      </div>
      <pre tabIndex={0} role="region" aria-label={word ? `Code, ${word}` : 'Code'}>
        {html === undefined ? <code key="plain">{text}</code> : <code key="coloured" dangerouslySetInnerHTML={{ __html: html }} />}
      </pre>
    </div>
  )
})
