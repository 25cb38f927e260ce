import { useState } from 'react';
import { clampPage, pageCount, pageItems } from '../utils/pagination';

export function usePagination<Item>(items: Item[], pageSize: number) {
  const [wanted, setPage] = useState(1);
  const pages = pageCount(items.length, pageSize);
  const page = clampPage(wanted, pages);
  return { page, pages, setPage, items: pageItems(items, page, pageSize) };
}
