// A table that is a list of cards on a phone. A row may open something: then its first cell holds the link, so that
// keyboard and screen reader have one thing to press, and a click anywhere in the row does the same.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

export interface Column<Row> {
  title: string
  cell: (row: Row) => ComponentChildren
  /** By what to sort; without it the column cannot be sorted. */
  by?: (row: Row) => string | number | undefined
  isFigure?: boolean
}

interface Given<Row> {
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  keyOf: (row: Row) => string
  /** Of the row that is open beside the table. */
  openKey?: string
  onOpen?: (row: Row) => void
  rowsMax?: number
}

export function Table<Row>({ caption, columns, rows, keyOf, openKey, onOpen, rowsMax = 300 }: Given<Row>) {
  const [order, setOrder] = useState<{ title: string; isDown: boolean } | undefined>()
  const by = columns.find(column => column.title === order?.title)?.by
  const sorted = by ? [...rows].sort((a, b) => compared(by(a), by(b)) * (order!.isDown ? -1 : 1)) : rows
  const next = (title: string) =>
    setOrder(order?.title !== title ? { title, isDown: false } : order.isDown ? undefined : { title, isDown: true })
  return (
    <div class="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table class="table">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(column => {
              const isSorted = order?.title === column.title
              return (
                <th
                  key={column.title}
                  scope="col"
                  class={column.isFigure ? 'figure' : undefined}
                  aria-sort={isSorted ? (order.isDown ? 'descending' : 'ascending') : undefined}
                >
                  {column.by ? (
                    <button type="button" class="sort" onClick={() => next(column.title)}>
                      {column.title}
                      <span aria-hidden="true">{isSorted ? (order.isDown ? ' ▾' : ' ▴') : ''}</span>
                    </button>
                  ) : (
                    column.title
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, rowsMax).map(row => {
            const key = keyOf(row)
            return (
              <tr
                key={key}
                class={(onOpen ? 'opens' : '') + (key === openKey ? ' is-open' : '')}
                onClick={onOpen && (event => {
                  if (!(event.target as Element).closest('a, button')) onOpen(row)
                })}
              >
                {columns.map((column, at) => (
                  <td key={column.title} data-title={column.title} class={column.isFigure ? 'figure' : undefined}>
                    {at === 0 && onOpen ? (
                      <button type="button" class="row-link" aria-expanded={key === openKey} onClick={() => onOpen(row)}>
                        {column.cell(row)}
                      </button>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
      {sorted.length > rowsMax && <p class="soft table-more">{sorted.length - rowsMax} more are not shown.</p>}
    </div>
  )
}

/** What is unknown stands last, whichever way the rest is sorted first. */
function compared(a: string | number | undefined, b: string | number | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
}
