// The libraries whose packages bring no types: only what this page calls.

declare module 'marked' {
  export interface Token {
    type: string
    raw: string
    text?: string
    lang?: string
  }
  interface Renderer {
    parser: { parseInline(tokens: Token[]): string }
  }
  interface Options {
    gfm?: boolean
    breaks?: boolean
    renderer?: {
      heading?(this: Renderer, token: { tokens: Token[]; depth: number }): string
      html?(this: Renderer, token: { text: string; block?: boolean }): string
      image?(this: Renderer, token: { href: string; text: string }): string
      checkbox?(this: Renderer, token: { checked: boolean }): string
    }
  }
  export function lexer(source: string, options?: Options): Token[]
  export class Marked {
    constructor(options: Options)
    parser(tokens: Token[]): string
  }
}

declare module 'dompurify' {
  interface Purify {
    sanitize(html: string, options?: Record<string, unknown>): string
    addHook(name: string, hook: (node: Element) => void): void
  }
  const purify: Purify
  export default purify
}

declare module 'highlight.js/lib/core' {
  interface Highlighter {
    registerLanguage(name: string, language: unknown): void
    getLanguage(name: string): unknown
    highlight(code: string, options: { language: string; ignoreIllegals?: boolean }): { value: string }
  }
  const highlighter: Highlighter
  export default highlighter
}

declare module 'highlight.js/lib/languages/*' {
  const language: unknown
  export default language
}
