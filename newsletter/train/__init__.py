"""Making the term vectors that ship with the newsletter: read titles and abstracts, train, quantise, count.

    python -m newsletter.train PAPERS.jsonl.gz --out newsletter/embed/weights --start minilm

recipe       the whole way, in order
corpus       JSON lines → papers
vocabulary   papers → the terms worth a vector
pairs        papers → pairs of texts that belong together, drawn anew in each epoch
start        terms → the vectors training begins with
minilm       terms → what a small transformer makes of them (optional, for `start`)
contrastive  pairs → trained vectors
quantise     trained vectors → one byte a number
background   papers → what is usual for them: frequencies, mean, covariance, phrases, spelling

Nothing of this runs in the newsletter itself, and only this part needs scipy.

The numbers of the recipe were chosen on 6,000 papers kept out of training: 500 phrases of 2 to 4 words that several of
their titles share, each to find the other abstracts of those papers. Mean average precision, of the vectors with BM25
and of the vectors alone with the phrase's own words taken out of the abstracts:

    last step, nothing hidden, 8 epochs              .380   .145
    average of the steps                             .386   .168
    and the title's words hidden in half             .392   .197    in 0.3 of the abstracts, 10 epochs: .393   .205
    and 18 epochs at a step of 0.002                 .397   .210    what ships, trained on all papers
    15 % of the batches half an abstract to the other, hidden in half, 8 epochs:
        from MiniLM                                  .391   .199
        from a random start                          .383   .176

One run each, and the best of a dozen on the same phrases: the last digits prove nothing.
"""
