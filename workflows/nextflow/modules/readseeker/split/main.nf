process READSEEKER_SPLIT {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"

    input:
    tuple val(meta), path(reads)
    path model

    output:
    tuple val(meta), path("*.coding.fastq.gz")   , emit: coding
    tuple val(meta), path("*.noncoding.fastq.gz"), emit: noncoding
    tuple val(meta), path("*.scores.tsv.gz")     , emit: scores
    tuple val(meta), path("*.readseeker.json")   , emit: json
    tuple val(meta), path("*.readseeker.html")   , emit: html
    tuple val(meta), path("*_mqc.json")          , emit: multiqc
    // For `ext.args` with --undecided or --proteins.
    tuple val(meta), path("*.undecided.fastq.gz"), emit: undecided, optional: true
    tuple val(meta), path("*.faa.gz")            , emit: proteins, optional: true
    tuple val("${task.process}"), val('readseeker'), eval("readseeker --version | sed 's/^readseeker //'"), topic: versions, emit: versions_readseeker

    when:
    task.ext.when == null || task.ext.when

    script:
    def args   = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    // Two FASTQ files give two files for each class. One file, or a BAM, gives one (mates of a BAM are interleaved).
    def paired = reads instanceof List && reads.size() == 2
    def mate   = paired ? '_#' : ''
    // --collate brings mates together in a file sorted by coordinate. With --mates each it is not needed.
    def alignments = [reads].flatten().every { path -> "${path}" ==~ /.*[.](bam|sam|cram)/ }
    def collate    = alignments && !(args =~ /--collate|--mates[ =]each/) ? '--collate' : ''
    // Without a model, the built-in one is used.
    def weights = model ? "--model ${model}" : ''
    // The pipeline decides whether a task has a GPU. A task without one must not use the GPUs of the machine.
    def device = args.contains('--device') ? '' : "--device ${task.accelerator ? 'gpu' : 'cpu'}"
    """
    readseeker split \\
        ${paired ? reads.join(' ') : reads} \\
        --coding '${prefix}${mate}.coding.fastq.gz' \\
        --noncoding '${prefix}${mate}.noncoding.fastq.gz' \\
        --scores '${prefix}.scores.tsv.gz' \\
        --json '${prefix}.readseeker.json' \\
        --html '${prefix}.readseeker.html' \\
        --multiqc '${prefix}_mqc.json' \\
        ${collate} \\
        ${weights} \\
        ${device} \\
        --threads ${task.cpus} \\
        --progress log \\
        ${args}
    """

    stub:
    def prefix = task.ext.prefix ?: "${meta.id}"
    def mates  = reads instanceof List && reads.size() == 2 ? ['_1', '_2'] : ['']
    def fastqs = mates.collect { mate -> "${prefix}${mate}.coding.fastq.gz ${prefix}${mate}.noncoding.fastq.gz" }
    """
    for output in ${fastqs.join(' ')} ${prefix}.scores.tsv.gz; do
        echo "" | gzip > \$output
    done
    touch ${prefix}.readseeker.html
    echo "{}" | tee ${prefix}.readseeker.json > ${prefix}_mqc.json
    """
}
