"""The course around the lessons: the list of lessons (`syllabus`), a check of the installation (`environment`), shared images
(`shared_data`)."""
