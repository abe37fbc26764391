/* The decision path of one model: codes to figures, and what moved them.
 *
 * Every function does what its numpy twin does (named beside it), with the same IEEE 754 operations in the same
 * order, so that both give the same bits: + - * / and comparisons, no libm, no fused multiply-add (compiled with
 * -ffp-contract=off). Sums start and run as numpy's bincount and cumsum do. Structures are mirrored in layout.py, and
 * what they point to is owned there. Nothing here allocates, locks or keeps state: `work` is the caller's.
 */
#include <stdint.h>
#include <string.h>

#ifndef SOURCE_DIGEST
#define SOURCE_DIGEST "none"
#endif

/* SHA-256 of this file as it was compiled; library.py uses no library of another source. */
const char *loanbook_source(void) { return SOURCE_DIGEST; }

#define NOT_A_NUMBER (__builtin_nan(""))
static int is_nan(double x) { return x != x; }

/* --- features/encodings.py, features/plan.py ------------------------------------------------------------------- */

enum { NUMBER, FLAG, RATIO, MONTH, WEEKDAY, AGE, CATEGORY, DIGITS, ONE_HOT, SAME };

typedef struct {          /* one column of the model row */
    int64_t kind, a, b;   /* a, b: columns of the codes, or a level */
    int64_t start, size;  /* its table in `numbers` (SAME, CATEGORY, DIGITS) */
    int64_t keys, known;  /* the known leading digits (DIGITS) */
    double divisor;
} Column;

typedef struct {
    int64_t fields, columns;
    const Column *column;
    const double *numbers;
    const int64_t *special_start;  /* (fields + 1,) */
    const double *special;
} Plan;

static double floor_of(double x) {  /* np.floor, for what fits 63 bits; beyond, x is whole already */
    if (!(x > -4503599627370496.0 && x < 4503599627370496.0)) return x;
    double cut = (double)(int64_t)x;
    return cut > x ? cut - 1.0 : cut;
}

/* np.searchsorted(values, x, side="right"): how many of the ascending values are at or below x; all for NaN. */
static int64_t count_to(const double *values, int64_t size, double x) {
    int64_t low = 0, high = size;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (!(values[middle] > x)) low = middle + 1; else high = middle;
    }
    return low;
}

static double month_of(int64_t day) {  /* of a day since 1970, proleptic Gregorian (Hinnant 2013, civil_from_days) */
    day += 719468;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t in_era = day - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * in_year + 2) / 153;
    return (double)(from_march < 10 ? from_march + 3 : from_march - 9);
}

static double weekday_of(int64_t day) { return (double)(((day + 3) % 7 + 7) % 7); }

static double digits_of(const Column *c, const double *numbers, double code) {  /* Lookup, divisor > 0 */
    const double *table = numbers + c->start, *keys = numbers + c->keys;
    double head = floor_of(code / c->divisor);
    if (is_nan(head)) return table[0];
    int64_t low = 0, high = c->known;  /* searchsorted, side="left" */
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (keys[middle] < head) low = middle + 1; else high = middle;
    }
    if (low >= c->known) low = c->known - 1;
    return table[keys[low] == head ? low + 2 : 1];
}

static double same_of(const Column *c, const double *numbers, double here, double there) {
    if (!(here >= 0.0 && there >= 0.0)) return NOT_A_NUMBER;
    return numbers[c->start + (int64_t)here] == there ? 1.0 : 0.0;
}

static double column_of(const Column *c, const double *numbers, const double *codes) {
    double a = codes[c->a], b;
    switch (c->kind) {
    case NUMBER: return a;
    case FLAG: return is_nan(a) ? 1.0 : 0.0;
    case RATIO:
        b = codes[c->b];
        return (b < 0.0 ? -b : b) < 1e-6 ? NOT_A_NUMBER : a / b;
    case MONTH: return is_nan(a) ? a : month_of((int64_t)a);
    case WEEKDAY: return is_nan(a) ? a : weekday_of((int64_t)a);
    case AGE: return a - codes[c->b];
    case CATEGORY: return numbers[c->start + (is_nan(a) ? 0 : (int64_t)(a + 2.0))];
    case DIGITS: return digits_of(c, numbers, a);
    case ONE_HOT: return a == (double)c->b ? 1.0 : 0.0;
    default: return same_of(c, numbers, a, codes[c->b]);
    }
}

/* Plan.transform of one row; `clean` takes the codes without their specials. */
static void transform(const Plan *plan, const double *codes, int64_t step, double *clean, double *x) {
    for (int64_t field = 0; field < plan->fields; field++) {
        double code = codes[field * step];
        for (int64_t at = plan->special_start[field]; at < plan->special_start[field + 1]; at++)
            if (code == plan->special[at]) code = NOT_A_NUMBER;
        clean[field] = code;
    }
    for (int64_t at = 0; at < plan->columns; at++) x[at] = column_of(plan->column + at, plan->numbers, clean);
}

/* --- scoring/trees.py, scoring/tables.py, scoring/shapley.py ------------------------------------------------------ */

typedef struct { uint32_t threshold, column, left, right; } Node;  /* of a leaf: UINT32_MAX, 0, itself, itself */
typedef struct { uint32_t column, low, span; } Test;  /* key[column] - low < span, in arithmetic modulo 2^32 */

typedef struct {
    int64_t tests, slots, leaves;      /* of this piece */
    int64_t test, slot, leaf, table;   /* where they begin */
} Piece;

typedef struct {
    double value;
    int64_t parts, part;
} Leaf;

typedef struct {
    uint32_t mask, want;
    double share;
    int64_t slot;
} Part;

typedef struct {  /* trees without tables: Branches */
    int64_t size, roots, points;
    const int64_t *column, *parent, *above;
    const float *low, *high;
    const uint8_t *missing;
    const double *share, *leaf, *point, *weight;
} Branches;

typedef struct {
    double base_margin;
    int64_t width, trees, pieces;
    const Node *node;
    const uint32_t *root, *depth;
    const double *value;
    const Piece *piece;
    const Test *test;
    const uint32_t *slot;  /* the group that each number of a table row goes to */
    double *table;
    const Branches *branches;
} Trees;

/* Unsigned numbers in the order of float32, `step` apart: missing is below all in the first `width`, above all in the
 * second. */
static void keys_of(const double *x, int64_t width, int64_t step, uint32_t *key) {
    for (int64_t at = 0; at < width; at++) {
        float seen = (float)x[at] + 0.0f;  /* -0 is 0 */
        uint32_t bits;
        memcpy(&bits, &seen, 4);
        bits = bits >> 31 ? ~bits : bits | 0x80000000u;
        key[at * step] = is_nan(seen) ? 0u : bits;
        key[(width + at) * step] = is_nan(seen) ? UINT32_MAX : bits;
    }
}

static double leaf_of(const Trees *trees, int64_t tree, const uint32_t *key) {
    uint32_t at = trees->root[tree];
    for (uint32_t level = trees->depth[tree]; level; level--) {
        const Node *node = trees->node + at;
        at = key[node->column] < node->threshold ? node->left : node->right;
    }
    return trees->value[at];
}

static void trees_margin(const Trees *trees, const uint32_t *key, int64_t rows, double *margin) {
    for (int64_t row = 0; row < rows; row++) margin[row] = -0.0;  /* adds nothing, not even to -0 */
    for (int64_t tree = 0; tree < trees->trees; tree++)
        for (int64_t row = 0; row < rows; row++) margin[row] += leaf_of(trees, tree, key + row * 2 * trees->width);
    for (int64_t row = 0; row < rows; row++) margin[row] = trees->base_margin + margin[row];
}

static const double *table_row(const Trees *trees, const Piece *piece, const uint32_t *key) {
    const Test *test = trees->test + piece->test;
    uint64_t pattern = 0;
    for (int64_t bit = 0; bit < piece->tests; bit++)
        pattern |= (uint64_t)(key[test[bit].column] - test[bit].low < test[bit].span) << bit;
    return trees->table + piece->table + (int64_t)pattern * piece->slots;
}

enum { AHEAD = 64 };  /* table rows that are fetched while others are found: most are not in the cache */

/* Tables.contributions of one row: one row of every table, added up by group. */
static void add_tables(const Trees *trees, const uint32_t *key, double *out) {
    const double *from[AHEAD];
    for (int64_t start = 0; start < trees->pieces; start += AHEAD) {
        const Piece *piece = trees->piece + start;
        const int64_t count = trees->pieces - start < AHEAD ? trees->pieces - start : AHEAD;
        for (int64_t at = 0; at < count; at++) {
            from[at] = table_row(trees, piece + at, key);
            __builtin_prefetch(from[at]);
            __builtin_prefetch(from[at] + piece[at].slots - 1);
        }
        for (int64_t at = 0; at < count; at++) {
            const uint32_t *slot = trees->slot + piece[at].slot;
            for (int64_t one = 0; one < piece[at].slots; one++) out[slot[one]] += from[at][one];
        }
    }
}

enum { BLOCK = 64 };  /* rows that go through the trees together; loops over them are unrolled into vectors */

/* The same for a block of rows whose keys stand column by column. sum: groups * BLOCK doubles. */
static void add_tables_of_block(const Trees *trees, const uint32_t *key, int64_t rows, int64_t groups, double *out,
                                double *sum) {
    for (int64_t at = 0; at < groups * BLOCK; at++) sum[at] = 0.0;
    for (const Piece *piece = trees->piece; piece < trees->piece + trees->pieces; piece++) {
        uint32_t from[BLOCK] = {0};
        for (int64_t bit = 0; bit < piece->tests; bit++) {
            const Test test = trees->test[piece->test + bit];
            const uint32_t *column = key + (int64_t)test.column * BLOCK;
            for (int row = 0; row < BLOCK; row++) from[row] |= (uint32_t)(column[row] - test.low < test.span) << bit;
        }
        for (int row = 0; row < BLOCK; row++) from[row] *= (uint32_t)piece->slots;
        for (int64_t one = 0; one < piece->slots; one++) {
            const double *table = trees->table + piece->table + one;
            double *mine = sum + (int64_t)trees->slot[piece->slot + one] * BLOCK;
            for (int row = 0; row < BLOCK; row++) mine[row] += table[from[row]];
        }
    }
    for (int64_t row = 0; row < rows; row++)
        for (int64_t group = 0; group < groups; group++) out[row * groups + group] = sum[group * BLOCK + row];
}

/* Branches.contributions of one row; work: 5 * size + groups doubles. */
static void add_branches(const Branches *b, const double *x, const int64_t *group_of, double *out, int64_t groups,
                         double *work) {
    const int64_t size = b->size;
    double *gap = work, *factor = work + size, *below = work + 2 * size, *turn = work + 3 * size, *moved = work + 4 * size, *sum = work + 5 * size;
    for (int64_t at = 0; at < size; at++) {
        float seen = (float)x[b->column[at]];
        int fits = (seen >= b->low[at] && seen < b->high[at]) || (is_nan(seen) && b->missing[at]);
        gap[at] = (fits ? 1.0 : 0.0) - b->share[at];
        moved[at] = 0.0;
    }
    for (int64_t point = 0; point < b->points; point++) {
        const double q = b->point[point], weight = b->weight[point];
        for (int64_t at = 0; at < size; at++) factor[at] = gap[at] * q + b->share[at];
        for (int64_t at = 0; at < size; at++) below[at] = factor[at] / factor[b->above[at]];
        for (int64_t at = b->roots; at < size; at++) below[at] *= below[b->parent[at]];
        for (int64_t at = 0; at < size; at++) below[at] *= b->leaf[at];
        for (int64_t at = size - 2; at >= b->roots; at -= 2) below[b->parent[at]] = below[at] + below[at + 1];
        for (int64_t at = 0; at < size; at++) turn[at] = gap[at] / factor[at];
        for (int64_t at = 0; at < size; at++) moved[at] += (turn[at] - turn[b->above[at]]) * below[at] * weight;
    }
    for (int64_t group = 0; group < groups; group++) sum[group] = 0.0;
    for (int64_t at = 0; at < size; at++) sum[group_of[b->column[at]]] += moved[at];
    for (int64_t group = 0; group < groups; group++) out[group] += sum[group];
}

/* tables.py, _of_leaf: Shapley values of one leaf for each set of fitting columns; work: 3 * parts doubles. */
static void of_leaf(const Leaf *leaf, const Part *part, const double *point, const double *weight, int64_t points,
                    double *values, double *work) {
    const int64_t parts = leaf->parts;
    double *factor = work, *before = work + parts, *sum = work + 2 * parts;
    for (int64_t fits = 0; fits < (int64_t)1 << parts; fits++, values += parts) {
        for (int64_t at = 0; at < parts; at++) sum[at] = 0.0;
        for (int64_t q = 0; q < points; q++) {
            double product = 1.0;
            for (int64_t at = 0; at < parts; at++) {
                double gap = (double)(fits >> at & 1) - part[at].share;
                factor[at] = part[at].share + point[q] * gap;
                before[at] = product;
                product *= factor[at];
            }
            product = 1.0;
            for (int64_t at = parts - 1; at >= 0; at--) {
                sum[at] += weight[q] * (before[at] * product);
                product *= factor[at];
            }
        }
        for (int64_t at = 0; at < parts; at++)
            values[at] = leaf->value * ((double)(fits >> at & 1) - part[at].share) * sum[at];
    }
}

/* tables.py, Tables: fills `table` (zeros before). points: for each number of parts, where its points begin.
 * work: (2^most + 3) * most doubles for the most parts a leaf has. */
void loanbook_tables(const Trees *trees, const Leaf *leaf, const Part *part, const int64_t *points, const double *point,
                     const double *weight, int64_t most, double *work) {
    double *values = work + 3 * most;
    for (int64_t at = 0; at < trees->pieces; at++) {
        const Piece *piece = trees->piece + at;
        double *table = trees->table + piece->table;
        for (int64_t one = piece->leaf; one < piece->leaf + piece->leaves; one++) {
            const Part *mine = part + leaf[one].part;
            const int64_t parts = leaf[one].parts, first = points[parts];
            of_leaf(leaf + one, mine, point + first, weight + first, points[parts + 1] - first, values, work);
            for (int64_t pattern = 0; pattern < (int64_t)1 << piece->tests; pattern++) {
                int64_t fits = 0;
                for (int64_t p = 0; p < parts; p++) fits |= (int64_t)((pattern & mine[p].mask) == mine[p].want) << p;
                for (int64_t p = 0; p < parts; p++) table[pattern * piece->slots + mine[p].slot] += values[fits * parts + p];
            }
        }
    }
}

/* --- scoring/curves.py, additive.py, pairs.py, network.py, blend.py -------------------------------------------------- */

typedef struct {
    int64_t curves, knots;  /* knots of each curve */
    const int64_t *column;
    const double *knot, *value, *slope, *missing;
} Curves;

static double curve_at(const Curves *c, int64_t one, const double *x) {
    const double *knot = c->knot + one * c->knots, raw = x[c->column[one]];
    const int64_t last = c->knots - 1;
    if (is_nan(raw)) return c->missing[one];
    double inside = raw < knot[0] ? knot[0] : raw;
    inside = inside > knot[last] ? knot[last] : inside;
    int64_t piece = last > 1 ? count_to(knot + 1, last - 1, inside) : 0;
    double slope = last ? c->slope[one * last + piece] : 0.0;
    return c->value[one * c->knots + piece] + slope * (inside - knot[piece]);
}

typedef struct {
    double intercept;
    int64_t width;
    const double *mean;
    Curves curves;
} Additive;

typedef struct {
    double intercept;
    int64_t width, terms;
    const int64_t *column, *start;  /* of what is cut: its column of x, where its cuts begin */
    const double *cut;
    const int64_t *first, *second, *table, *bins;  /* of a term; bins: of its second column, 1 where it has none */
    const double *value, *mean;
} Pairs;

typedef struct {
    int64_t width, networks, a, b;  /* a, b: units of the hidden layers of one network */
    const double *reference, *first, *first_bias, *second, *second_bias, *last, *last_bias;
    const double *first_there, *second_there;  /* what the units receive at the reference */
    Curves curves;
} Network;

enum { ADDITIVE, PAIRS, TREES, NETWORK, BLEND };

typedef struct {
    int64_t kind;
    const void *of;
} Scorer;

typedef struct {
    double intercept;
    int64_t members;
    const double *weight;
    const Scorer *member;
} Blend;

static double additive_margin(const Additive *a, const double *x) {
    double sum = -0.0;
    for (int64_t one = 0; one < a->curves.curves; one++) sum += curve_at(&a->curves, one, x);
    return a->curves.curves ? a->intercept + sum : a->intercept;
}

static void additive_columns(const Additive *a, const double *x, double *out) {
    for (int64_t one = 0; one < a->curves.curves; one++)
        out[a->curves.column[one]] += curve_at(&a->curves, one, x) - a->mean[one];
}

static int64_t bin_of(const Pairs *p, int64_t place, const double *x) {
    double seen = x[p->column[place]];
    int64_t start = p->start[place];
    return is_nan(seen) ? 0 : count_to(p->cut + start, p->start[place + 1] - start, seen) + 1;
}

static double term_of(const Pairs *p, int64_t term, const double *x) {
    int64_t cell = p->table[term] + bin_of(p, p->first[term], x) * p->bins[term];
    return p->value[p->second[term] < 0 ? cell : cell + bin_of(p, p->second[term], x)];
}

static double pairs_margin(const Pairs *p, const double *x) {
    double sum = -0.0;
    for (int64_t term = 0; term < p->terms; term++) sum += term_of(p, term, x);
    return p->terms ? p->intercept + sum : p->intercept;
}

static void pairs_columns(const Pairs *p, const double *x, double *out) {
    for (int64_t term = 0; term < p->terms; term++) {
        double moved = term_of(p, term, x) - p->mean[term];
        if (p->second[term] >= 0) {
            moved = 0.5 * moved;
            out[p->column[p->first[term]]] += moved;
            out[p->column[p->second[term]]] += moved;
        } else out[p->column[p->first[term]]] += moved;
    }
}

static double relu(double x) { return x > 0.0 ? x : 0.0; }

static double handed_on(double received, double reference) {
    double moved = received - reference;
    if (moved != 0.0) return (relu(received) - relu(reference)) / moved;
    return received > 0.0 ? 1.0 : 0.0;
}

/* Network._run; work: inputs, then what the first and the second units receive. */
static double network_run(const Network *n, const double *x, double *work) {
    const int64_t k = n->curves.curves, s = n->networks, a = n->a, b = n->b;
    double *input = work, *first = input + k, *second = first + s * a, margin = -0.0;
    for (int64_t at = 0; at < k; at++) input[at] = curve_at(&n->curves, at, x);
    memcpy(first, n->first_bias, (size_t)(s * a) * sizeof(double));
    memcpy(second, n->second_bias, (size_t)(s * b) * sizeof(double));
    for (int64_t at = 0; at < k; at++)
        for (int64_t unit = 0; unit < s * a; unit++) first[unit] += input[at] * n->first[at * s * a + unit];
    for (int64_t net = 0; net < s; net++) {
        double sum = -0.0, *mine = second + net * b;
        for (int64_t at = 0; at < a; at++) {
            double fired = relu(first[net * a + at]);
            for (int64_t unit = 0; unit < b; unit++) mine[unit] += fired * n->second[(net * a + at) * b + unit];
        }
        for (int64_t unit = 0; unit < b; unit++) sum += relu(mine[unit]) * n->last[net * b + unit];
        margin += n->last_bias[net] + sum;
    }
    return margin / (double)s;
}

static void network_columns(const Network *n, const double *x, double *out, double *work) {
    const int64_t k = n->curves.curves, s = n->networks, a = n->a, b = n->b;
    double *input = work, *first = input + k, *second = first + s * a;
    network_run(n, x, work);
    for (int64_t unit = 0; unit < s * b; unit++) second[unit] = n->last[unit] * handed_on(second[unit], n->second_there[unit]);
    for (int64_t unit = 0; unit < s * a; unit++) {
        double sum = 0.0;
        for (int64_t at = 0; at < b; at++) sum += second[unit / a * b + at] * n->second[unit * b + at];
        first[unit] = sum * handed_on(first[unit], n->first_there[unit]);
    }
    for (int64_t at = 0; at < k; at++) {
        double sum = 0.0;
        for (int64_t unit = 0; unit < s * a; unit++) sum += first[unit] * n->first[at * s * a + unit];
        out[n->curves.column[at]] += (input[at] - n->reference[at]) * (sum / (double)s);
    }
}

/* Scorer.margin of a block of rows. */
static void margin_of(const Scorer *scorer, const double *x, int64_t width, const uint32_t *key, int64_t rows,
                      double *margin, double *work) {
    if (scorer->kind == TREES) {
        trees_margin(scorer->of, key, rows, margin);
        return;
    }
    if (scorer->kind == BLEND) {
        const Blend *blend = scorer->of;
        for (int64_t row = 0; row < rows; row++) margin[row] = blend->intercept;
        for (int64_t at = 0; at < blend->members; at++) {
            margin_of(blend->member + at, x, width, key, rows, work, work + rows);
            for (int64_t row = 0; row < rows; row++) margin[row] += blend->weight[at] * work[row];
        }
        return;
    }
    for (int64_t row = 0; row < rows; row++, x += width)
        margin[row] = scorer->kind == ADDITIVE ? additive_margin(scorer->of, x)
                      : scorer->kind == PAIRS  ? pairs_margin(scorer->of, x)
                                               : network_run(scorer->of, x, work);
}

typedef struct {
    int64_t groups;
    const int64_t *group_of;  /* of each column */
} Groups;

/* grouped.py, ByColumn: contributions of one row by column, then by group. */
static void by_column(const Scorer *scorer, const Groups *g, const double *x, int64_t width, double *out, double *work) {
    double *columns = work;
    for (int64_t at = 0; at < width; at++) columns[at] = 0.0;
    if (scorer->kind == ADDITIVE) additive_columns(scorer->of, x, columns);
    else if (scorer->kind == PAIRS) pairs_columns(scorer->of, x, columns);
    else network_columns(scorer->of, x, columns, work + width);
    for (int64_t at = 0; at < width; at++) out[g->group_of[at]] += columns[at];
}

/* grouped.py: contributions of a block of rows by group; the keys of several rows stand column by column. */
static void grouped(const Scorer *scorer, const Groups *g, const double *x, int64_t width, const uint32_t *key,
                    int64_t rows, double *out, double *work) {
    const int64_t size = rows * g->groups;
    for (int64_t at = 0; at < size; at++) out[at] = 0.0;
    if (scorer->kind == TREES) {
        const Trees *trees = scorer->of;
        if (rows == 1) add_tables(trees, key, out);
        else add_tables_of_block(trees, key, rows, g->groups, out, work);
        for (int64_t row = 0; trees->branches && row < rows; row++)
            add_branches(trees->branches, x + row * width, g->group_of, out + row * g->groups, g->groups, work);
    } else if (scorer->kind == BLEND) {
        const Blend *blend = scorer->of;
        for (int64_t one = 0; one < blend->members; one++) {
            grouped(blend->member + one, g, x, width, key, rows, work, work + size);
            for (int64_t at = 0; at < size; at++) out[at] += blend->weight[one] * work[at];
        }
    } else
        for (int64_t row = 0; row < rows; row++) by_column(scorer, g, x + row * width, width, out + row * g->groups, work);
}

/* --- scoring/exponential.py, sigmoid.py, polyline.py, calibration.py, amounts.py -------------------------------------- */

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10

static double exponential(double x) {
    static const double factorial[] = {6227020800.0, 479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0,
                                       720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0};
    if (is_nan(x)) return x;
    double held = x > -700.0 ? x : -700.0;
    held = held < 700.0 ? held : 700.0;
    const double whole = 6755399441055744.0;  /* 1.5 * 2^52: adding it rounds to the nearest integer, ties to even */
    double doublings = (held * (1.0 / (LN2_HIGH + LN2_LOW)) + whole) - whole;
    double rest = held - doublings * LN2_HIGH - doublings * LN2_LOW, out = 1.0 / factorial[0], power;
    for (int at = 1; at < 14; at++) out = out * rest + 1.0 / factorial[at];
    uint64_t bits = (uint64_t)((int64_t)doublings + 1023) << 52;
    memcpy(&power, &bits, 8);
    return out * power;  /* exact: the result is a normal number */
}

static double sigmoid(double log_odds) {
    double tail = exponential(log_odds < 0.0 ? log_odds : -log_odds);
    return log_odds >= 0.0 ? 1.0 / (1.0 + tail) : tail / (1.0 + tail);
}

enum { PROBABILITY, AMOUNT };

typedef struct {
    int64_t kind;
    int64_t knots, cuts;
    const double *knot, *value, *slope;  /* PROBABILITY: the line, slopes before, between and behind its knots */
    const double *cut, *low, *high;      /* both: the interval by group */
    double shift;                        /* AMOUNT */
} Output;

static double line_at(const Output *o, double margin) {
    int64_t part = count_to(o->knot, o->knots, margin), start = part > 0 ? part - 1 : 0;
    double height = o->value[start] + o->slope[part] * (margin - o->knot[start]);
    return part < o->knots && o->value[part] < height ? o->value[part] : height;
}

static double amount_of(double margin) {
    double size = exponential(margin < 0.0 ? -margin : margin) - 1.0;
    return margin < 0.0 ? -size : size;
}

static double level_at(const Output *o, double margin) {
    return o->kind == AMOUNT ? amount_of(margin + o->shift) : line_at(o, margin);
}

static void answer(const Output *o, double margin, double *level, double *value, double *lower, double *upper) {
    *level = level_at(o, margin);
    if (o->kind == AMOUNT) {
        int64_t band = count_to(o->cut, o->cuts, margin);
        *value = *level;
        *lower = amount_of(margin + o->shift + o->low[band]);
        *upper = amount_of(margin + o->shift + o->high[band]);
    } else {
        int64_t group = count_to(o->cut, o->cuts, *level);
        *value = sigmoid(*level);
        *lower = o->low[group];
        *upper = o->high[group];
    }
    if (!(*lower < *value)) *lower = *value;
    if (!(*upper > *value)) *upper = *value;
}

/* Output.scale of one margin. */
static double scale_of(const Output *o, double margin, double base) {
    double distance = margin - base;
    if (o->kind == AMOUNT) {
        double start = level_at(o, base);
        if (distance < 1e-9 && distance > -1e-9) return 1.0 + (start < 0.0 ? -start : start);
        return (level_at(o, margin) - start) / distance;
    }
    int64_t part = count_to(o->knot, o->knots, margin), home = count_to(o->knot, o->knots, base);
    int bent = o->knots > 1 || o->slope[0] != o->slope[o->knots];
    if (bent && part != home && distance != 0.0) return (line_at(o, margin) - line_at(o, base)) / distance;
    return o->slope[part];
}

/* --- models/trained.py --------------------------------------------------------------------------------------------- */

typedef struct {
    Plan plan;
    Scorer scorer;
    Output output;
    Groups groups;
    double base;
    int64_t keyed;  /* whether there are trees in the scorer */
} Model;

/* TrainedModel.score_codes; the codes of a row are `step` numbers apart, rows `row_step`.
 * work: fields + BLOCK * columns + what the scorer takes. */
void loanbook_score(const Model *m, const double *codes, int64_t row_step, int64_t step, int64_t rows, double *x,
                    double *margin, double *level, double *value, double *lower, double *upper, double *work) {
    const int64_t width = m->plan.columns;
    double *clean = work, *keys = work + m->plan.fields, *rest = keys + BLOCK * width;
    for (int64_t start = 0; start < rows; start += BLOCK) {
        const int64_t count = rows - start < BLOCK ? rows - start : BLOCK;
        double *here = x + start * width;
        for (int64_t row = 0; row < count; row++)
            transform(&m->plan, codes + (start + row) * row_step, step, clean, here + row * width);
        for (int64_t row = 0; m->keyed && row < count; row++)
            keys_of(here + row * width, width, 1, (uint32_t *)keys + row * 2 * width);
        margin_of(&m->scorer, here, width, (uint32_t *)keys, count, margin + start, rest);
        for (int64_t row = start; row < start + count; row++)
            answer(&m->output, margin[row], level + row, value + row, lower + row, upper + row);
    }
}

/* TrainedModel.contributions: (rows, groups). work: as above. */
void loanbook_moved(const Model *m, const double *x, const double *margin, int64_t rows, double *out, double *work) {
    const int64_t width = m->plan.columns, groups = m->groups.groups;
    double *keys = work + m->plan.fields, *rest = keys + BLOCK * width;
    for (int64_t start = 0; start < rows; start += BLOCK) {
        const int64_t count = rows - start < BLOCK ? rows - start : BLOCK;
        double *here = out + start * groups;
        for (int64_t row = 0; m->keyed && row < count; row++)
            keys_of(x + (start + row) * width, width, count == 1 ? 1 : BLOCK, (uint32_t *)keys + row);
        grouped(&m->scorer, &m->groups, x + start * width, width, (uint32_t *)keys, count, here, rest);
        for (int64_t row = 0; row < count; row++) {
            double scale = scale_of(&m->output, margin[start + row], m->base);
            for (int64_t group = 0; group < groups; group++) here[row * groups + group] *= scale;
        }
    }
}

typedef struct {  /* one row, in memory of row.py */
    const Model *model;
    double *codes, *seen, *x, *figures, *moved, *work;
    int64_t *order;
    int64_t known;  /* 1: x and figures are those of `seen` */
} Row;

/* Compiled.figures: codes to margin, level, value, lower, upper. */
void loanbook_row(Row *row) {
    const Model *m = row->model;
    double *f = row->figures;
    memcpy(row->seen, row->codes, (size_t)m->plan.fields * sizeof(double));
    loanbook_score(m, row->codes, 0, 1, 1, row->x, f, f + 1, f + 2, f + 3, f + 4, row->work);
    row->known = 1;
}

/* Compiled.moved. */
void loanbook_row_moved(Row *row) {
    const Model *m = row->model;
    if (!row->known || memcmp(row->seen, row->codes, (size_t)m->plan.fields * sizeof(double))) loanbook_row(row);
    loanbook_moved(m, row->x, row->figures, 1, row->moved, row->work);
}

/* Compiled.explained: both, and where the largest four stand; of equal ones the first comes first. */
void loanbook_row_explained(Row *row) {
    const int64_t groups = row->model->groups.groups;
    int64_t found = 0;
    loanbook_row(row);
    loanbook_moved(row->model, row->x, row->figures, 1, row->moved, row->work);
    for (int64_t group = 0; group < groups; group++) {
        int64_t at = found < 4 ? found++ : 4;
        for (; at > 0 && row->moved[row->order[at - 1]] < row->moved[group]; at--)
            if (at < 4) row->order[at] = row->order[at - 1];
        if (at < 4) row->order[at] = group;
    }
}
