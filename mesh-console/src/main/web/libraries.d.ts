// The libraries whose packages bring no types: only what this page calls.

declare module 'marked' {
  export interface Token {
    type: string
    raw: string
    text?: string
    lang?: string
  }
  export function lexer(source: string): Token[]
  export function parser(tokens: Token[]): string
  export function parse(source: string, options?: { gfm?: boolean; breaks?: boolean; async?: false }): string
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
