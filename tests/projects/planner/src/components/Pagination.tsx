import { useTranslation } from 'react-i18next';
import { pageNumbers } from '../utils/pagination';

interface Props {
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

export function Pagination({ page, pages, onPage }: Props) {
  const { t } = useTranslation();
  if (pages === 1) return null;
  return (
    <nav className="pagination" aria-label={t('pages.label')}>
      <button type="button" disabled={page === 1} onClick={() => onPage(page - 1)}>
        {t('pages.previous')}
      </button>
      {pageNumbers(page, pages).map((number, index) =>
        number === null ? (
          <span key={`gap-${index}`}>…</span>
        ) : (
          <button
            key={number}
            type="button"
            aria-label={t('pages.page', { page: number })}
            aria-current={number === page ? 'page' : undefined}
            onClick={() => onPage(number)}
          >
            {number}
          </button>
        ),
      )}
      <button type="button" disabled={page === pages} onClick={() => onPage(page + 1)}>
        {t('pages.next')}
      </button>
    </nav>
  );
}
