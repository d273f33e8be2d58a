process READSEEKER_SPLIT {
    tag "$meta.id"
    label 'process_medium'

    // The tag gets its build string once bioconda has the package. Until then, set `process.container`.
    conda "${moduleDir}/environment.yml"
    container "${ workflow.containerEngine == 'singularity' && !task.ext.singularity_pull_docker_container ?
        'https://depot.galaxyproject.org/singularity/readseeker:0.1.0--0' :
        'quay.io/biocontainers/readseeker:0.1.0--0' }"

    input:
    tuple val(meta), path(reads)
    tuple val(meta2), path(fasta), path(fai)
    path model
    val undecided
    val proteins
    val genes

    output:
    tuple val(meta), path("*.coding.fastq.gz")   , emit: coding
    tuple val(meta), path("*.noncoding.fastq.gz"), emit: noncoding
    tuple val(meta), path("*.undecided.fastq.gz"), emit: undecided, optional: true
    tuple val(meta), path("*.faa.gz")            , emit: proteins, optional: true
    tuple val(meta), path("*.gff3.gz")           , emit: genes, optional: true
    tuple val(meta), path("*.scores.tsv.gz")     , emit: scores
    tuple val(meta), path("*.readseeker.json")   , emit: json
    tuple val(meta), path("*.readseeker.html")   , emit: html
    tuple val(meta), path("*_mqc.json")          , emit: multiqc
    tuple val("${task.process}"), val('readseeker'), eval("readseeker --version | sed 's/^readseeker //'"), topic: versions, emit: versions_readseeker

    when:
    task.ext.when == null || task.ext.when

    script:
    def args   = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    def inputs = [reads].flatten()
    // Two FASTQ files give two files for each class. One file, or a BAM, gives one (mates of a BAM are interleaved).
    def paired  = inputs.size() == 2
    def mates   = paired ? ['_1', '_2'] : ['']
    def classes = ['coding', 'noncoding'] + (undecided ? ['undecided'] : [])
    def clashes = inputs.collect { path -> "${path}" }.intersect([mates, classes].combinations { mate, name -> "${prefix}${mate}.${name}.fastq.gz".toString() })
    if (clashes) {
        error("Input and output names are the same (${clashes.join(', ')}), use \"task.ext.prefix\" to disambiguate!")
    }
    // A # stands for the mates, and ## for a # of the name itself.
    def named   = prefix.toString().replace('#', '##')
    def outputs = classes.collect { name -> "--${name} '${named}${paired ? '_#' : ''}.${name}.fastq.gz'" }
    def faa     = proteins ? "--proteins '${prefix}.faa.gz'" : ''
    def gff3    = genes ? "--genes '${prefix}.gff3.gz'" : ''
    // --collate brings mates together in a file sorted by coordinate. With --mates each it is not needed.
    def alignments = inputs.every { path -> "${path}" ==~ /.*[.](bam|sam|cram)/ }
    def collate    = alignments && !(args =~ /--collate|--mates[ =]each/) ? '--collate' : ''
    def reference  = fasta ? "--reference ${fasta}" : ''
    // Without a model, the built-in one is used.
    def weights = model ? "--model ${model}" : ''
    // The pipeline decides whether a task has a GPU. A task without one must not use the GPUs of the machine.
    def device = args.contains('--device') ? '' : "--device ${task.accelerator ? 'gpu' : 'cpu'}"
    """
    readseeker split \\
        ${inputs.join(' ')} \\
        ${outputs.join(' ')} \\
        ${faa} \\
        ${gff3} \\
        --scores '${prefix}.scores.tsv.gz' \\
        --json '${prefix}.readseeker.json' \\
        --html '${prefix}.readseeker.html' \\
        --multiqc '${prefix}_mqc.json' \\
        ${collate} \\
        ${reference} \\
        ${weights} \\
        ${device} \\
        --threads ${task.cpus} \\
        --progress log \\
        ${args}
    """

    stub:
    def args    = task.ext.args ?: ''
    def prefix  = task.ext.prefix ?: "${meta.id}"
    def mates   = [reads].flatten().size() == 2 ? ['_1', '_2'] : ['']
    def classes = ['coding', 'noncoding'] + (undecided ? ['undecided'] : [])
    def fastqs  = [mates, classes].combinations { mate, name -> "${prefix}${mate}.${name}.fastq.gz" }
    def faa     = proteins ? ["${prefix}.faa.gz"] : []
    def gff3    = genes ? ["${prefix}.gff3.gz"] : []
    """
    echo ${args}

    for output in ${(fastqs + faa + gff3).join(' ')} ${prefix}.scores.tsv.gz; do
        echo "" | gzip > \$output
    done
    touch ${prefix}.readseeker.html
    echo "{}" | tee ${prefix}.readseeker.json ${prefix}{,.probabilities,.statistics}_mqc.json
    """
}
