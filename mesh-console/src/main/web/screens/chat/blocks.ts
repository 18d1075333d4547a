// A model's Markdown as blocks of safe HTML. Nothing in it can run, fetch, take input or reach out of its block: what is
// let through is a short list of tags and attributes, and links to the web.

import DOMPurify from 'dompurify'
import { lexer, Marked, type Token } from 'marked'

// Marks that turn the direction of whatever follows; text that runs from right to left needs none of them.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g

export interface Block {
  /** Its source: what is drawn depends on nothing else. */
  raw: string
  token: Token
}

const TAGS = ['p', 'br', 'hr', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code', 'em', 'strong', 'del', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'sub', 'sup', 'kbd', 'div']


DOMPurify.addHook('afterSanitizeAttributes', node => {
  if (node.tagName !== 'A') return
  node.setAttribute('target', '_blank')
  node.setAttribute('rel', 'noopener noreferrer nofollow')
})

// HTML of its own is shown as the text it is: even to parse it would have the browser look at its styles. Headings begin
// below the page's own, an image is a link to it, a ticked box is a character.
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 1)
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`
    },
    html({ text, block }) {
      if (/^<br ?\/?>$/i.test(text.trim())) return '<br>'
      return block ? `<p>${escaped(text.trim())}</p>` : escaped(text)
    },
    image({ href, text }) {
      return `<a href="${escaped(href)}">image: ${escaped(text || href)}</a>`
    },
    checkbox({ checked }) {
      return checked ? '☑ ' : '☐ '
    },
  },
})

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, odd => `&#${odd.charCodeAt(0)};`)
}

export function plain(text: string): string {
  return text.replace(TURNING, '')
}

export function blocksOf(text: string): Block[] {
  return lexer(text, { gfm: true, breaks: true })
    .filter(token => token.type !== 'space' && token.type !== 'def')
    .map(token => ({ raw: token.raw, token }))
}

/** Text that grows at its end: what stands before its last block is not looked at again. */
export class Growing {
  private settled: Block[] = []
  private settledChars = 0
  private text = ''

  blocks(text: string): Block[] {
    if (!text.startsWith(this.text)) {
      this.settled = []
      this.settledChars = 0
    }
    this.text = text
    const tail = copied(text.slice(this.settledChars))
    const tokens = lexer(tail, { gfm: true, breaks: true })
    const open = tokens.findLastIndex(token => token.type !== 'space')
    for (const token of tokens.slice(0, Math.max(0, open))) {
      this.settledChars += token.raw.length
      if (token.type !== 'space' && token.type !== 'def') this.settled = [...this.settled, { raw: token.raw, token }]
    }
    const last = tokens[open]
    return last ? [...this.settled, { raw: last.raw, token: last }] : this.settled
  }
}

/**
 * In a string of its own. Engines make a slice a view of what it was cut from: every block that is drawn would keep the
 * whole text as it was at that moment, and a long answer as many of them as it has blocks.
 */
function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}

/** For innerHTML: a TrustedHTML where the browser knows such a thing. */
export function htmlOf(block: Block): string {
  return DOMPurify.sanitize(marked.parser([block.token]), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'target', 'rel'],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    ADD_URI_SAFE_ATTR: ['align', 'start'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_TRUSTED_TYPE: true,
  })
}

/** Of what the highlighter made of a code block: nothing but colours. */
export function coloured(html: string): string {
  return DOMPurify.sanitize(html, { ALLOWED_TAGS: ['span'], ALLOWED_ATTR: ['class'], RETURN_TRUSTED_TYPE: true })
}

/** A fence that is still open ends where the text ends. */
export function isClosed(block: Block): boolean {
  const lines = block.raw.trimEnd().split('\n')
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(lines[0]!)?.[1]
  return fence === undefined || (lines.length > 1 && lines.at(-1)!.trim().startsWith(fence))
}
